<?php
// SPDX-License-Identifier: Apache-2.0

return ['default' => 'errorlog',
        'channels' => ['errorlog' => ['driver' => 'errorlog']]];
