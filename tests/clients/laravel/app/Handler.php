<?php
// SPDX-License-Identifier: Apache-2.0

namespace App;

/** Laravel's own exception handler, which reports to PHP's error log. */
class Handler extends \Illuminate\Foundation\Exceptions\Handler
{
}
