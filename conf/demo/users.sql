-- SPDX-License-Identifier: Apache-2.0
--
-- The demo's application: its own table of users, and the two functions that
-- tie it to auth_jwt. Run as the owner of the schema auth_jwt.

CREATE ROLE demo_app LOGIN;

CREATE TABLE users (
    id       bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (START WITH 41),
    email    text   NOT NULL UNIQUE,
    name     text   NOT NULL,
    role     text   NOT NULL,
    password text   NOT NULL
);
GRANT SELECT ON users TO demo_app;

-- Passwords: wonderland, skyscraper, snowflake.
INSERT INTO users (email, name, role, password) VALUES
    ('alice@demo.example', 'Alice Liddell', 'admin',
     '$2y$10$h3JGsOe3/e4skwNksczA/OJ.XLPXiXyXR2tU/N.0N3G.4I7I8VSwi'),
    ('bob@demo.example', 'Bob Marchetti', 'editor',
     '$2y$10$t2rtyhYg93obpWEIERCFBuEoO4.fmISQ5rVbjw8q0RJfrw/6TSjXa'),
    ('carol@demo.example', 'Carol Nováková', 'reader',
     '$2y$10$Tw9hHLun3dHWjn0Dh3EOGeOsmlgetDaUlqbSyD7J586M7oa2U0HZC');

-- What people type becomes the id that the application knows them by.
CREATE OR REPLACE FUNCTION auth_jwt.subject_of(login text) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT id::text FROM public.users WHERE email = $1
$$;

-- What goes into each new access token. Change a role here, and the next
-- refresh carries it.
CREATE OR REPLACE FUNCTION auth_jwt.claims(subject text, sid uuid) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('name', u.name, 'role', u.role)
      FROM public.users u WHERE u.id::text = $1
$$;
