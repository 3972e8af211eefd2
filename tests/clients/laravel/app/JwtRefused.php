<?php
// SPDX-License-Identifier: Apache-2.0

namespace App;

/** A token that does not pass; the message is tymon/jwt-auth's sentence. */
class JwtRefused extends \RuntimeException
{
}
