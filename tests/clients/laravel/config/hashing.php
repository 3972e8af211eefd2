<?php
// SPDX-License-Identifier: Apache-2.0

return ['driver' => 'bcrypt', 'bcrypt' => ['rounds' => 4]];
