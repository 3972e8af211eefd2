# SPDX-License-Identifier: Apache-2.0
"""A Django site with simplejwt's own views, as its documentation shows.

    django_host.py '{"folder": …, "secret": …, "users": {name: password}}'

With "database", a libpq connection as a dict, its tables are there; else in
a file of the folder.

Prints `listening <port>`.
"""

import json
import sys

import django
from django.conf import settings

GIVEN = json.loads(sys.argv[1])
DATABASE = {"ENGINE": "django.db.backends.sqlite3",
            "NAME": GIVEN["folder"] + "/db.sqlite3"}
if "database" in GIVEN:
    DATABASE = {"ENGINE": "django.db.backends.postgresql",
                "NAME": GIVEN["database"]["dbname"],
                **{name.upper(): value
                   for name, value in GIVEN["database"].items()
                   if name in ("host", "port", "user")}}

settings.configure(
    SECRET_KEY=GIVEN["secret"], ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__,
    USE_TZ=True, DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    DATABASES={"default": DATABASE},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes",
                    "rest_framework", "rest_framework_simplejwt",
                    "rest_framework_simplejwt.token_blacklist"],
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": [
            "rest_framework_simplejwt.authentication.JWTAuthentication"],
        "DEFAULT_RENDERER_CLASSES": [
            "rest_framework.renderers.JSONRenderer"]},
    SIMPLE_JWT=GIVEN.get("simple_jwt", {}))
django.setup()

# pylint: disable=wrong-import-position
from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.servers.basehttp import (  # noqa: E402
    ThreadedWSGIServer, WSGIRequestHandler)
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.urls import path  # noqa: E402
from rest_framework.permissions import IsAuthenticated  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402
from rest_framework_simplejwt import views  # noqa: E402


class Me(APIView):
    """Who is calling."""

    permission_classes = [IsAuthenticated]

    def get(self, request):
        """The user, as the site knows it."""
        return Response({"id": request.user.pk,
                         "name": request.user.get_username()})


urlpatterns = [
    path("api/token/", views.TokenObtainPairView.as_view()),
    path("api/token/refresh/", views.TokenRefreshView.as_view()),
    path("api/token/verify/", views.TokenVerifyView.as_view()),
    path("api/token/blacklist/", views.TokenBlacklistView.as_view()),
    path("api/me", Me.as_view()),
]


def main():
    """Makes tables and users, then serves until killed."""
    call_command("migrate", verbosity=0)
    users = get_user_model().objects
    for name, password in GIVEN["users"].items():
        users.create_user(name, password=password)
    users.create_user("away", password="away", is_active=False)
    server = ThreadedWSGIServer(("127.0.0.1", 0), WSGIRequestHandler)
    server.set_app(get_wsgi_application())
    print("listening", server.server_port, flush=True)
    server.serve_forever()


main()
