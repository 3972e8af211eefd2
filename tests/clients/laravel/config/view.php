<?php
// SPDX-License-Identifier: Apache-2.0

return ['paths' => [dirname(__DIR__) . '/views'],
        'compiled' => dirname(__DIR__) . '/storage/views'];
