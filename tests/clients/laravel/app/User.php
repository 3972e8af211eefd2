<?php
// SPDX-License-Identifier: Apache-2.0

namespace App\Models;

/** A row of the table users. */
class User extends \Illuminate\Foundation\Auth\User
{
    protected $hidden = ['password'];
    public $timestamps = false;
}
