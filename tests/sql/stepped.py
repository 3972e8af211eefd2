# SPDX-License-Identifier: Apache-2.0
"""Connections whose statements are started, seen to wait, and go on."""

import hashlib
import threading

import psycopg2

HASH = hashlib.sha256(b"S").digest()


class Client:
    """A connection with the calls of the stories."""

    def __init__(self, db, user=None, autocommit=True):
        self.connection = db.connect(user, autocommit)
        self.pid = self.connection.get_backend_pid()
        self._thread = self._outcome = None

    def run(self, sql, *values):
        """Runs a statement; its first row, or None."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchone() if cursor.description else None

    def rotate(self, sid, generation, grace="30 s", form="jr1", rotate=True):
        """rotate() in short: (verdict, generation)."""
        return self.run(*call(sid, generation, grace, form, rotate))

    def begin(self, sql, *values):
        """Starts a statement that will have to wait."""
        def work():
            try:
                self._outcome = self.run(sql, *values)
            except psycopg2.Error as error:
                self._outcome = error

        self._thread = threading.Thread(target=work, daemon=True)
        self._thread.start()

    def begin_rotate(self, *arguments, **more):
        """Starts a rotate() that will have to wait."""
        self.begin(*call(*arguments, **more))

    def result(self):
        """What the statement that was started has returned."""
        self._thread.join(20)
        assert not self._thread.is_alive(), "the statement hangs"
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome

    def commit(self):
        self.connection.commit()

    def rollback(self):
        self.connection.rollback()


def call(sid, generation, grace="30 s", form="jr1", rotate=True):
    return ("SELECT verdict, generation FROM auth_jwt.rotate(%s, %s, %s, %s,"
            " NULL, '', %s, %s, false, NULL, NULL)",
            sid, generation, form, HASH, rotate, grace)
