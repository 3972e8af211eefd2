-- SPDX-License-Identifier: Apache-2.0
--
-- The host's own tables, as Laravel's migrations make them.
CREATE TABLE users (
    id bigserial PRIMARY KEY,
    name varchar(255) NOT NULL,
    email varchar(255) NOT NULL UNIQUE,
    password varchar(255) NOT NULL);
CREATE TABLE cache (
    key varchar(255) PRIMARY KEY,
    value text NOT NULL,
    expiration integer NOT NULL);
GRANT ALL ON users, cache TO site_app;
