"""Django's settings: they run with no environment variable at all; `NEXUS_…` variables change them."""

import os
from pathlib import Path

from csp.constants import NONCE, NONE, SELF

from nexus_site import config
from nexus_site.serving import home

CONFIG = config.read()
PACKAGE = Path(__file__).resolve().parent
BASE_DIR = PACKAGE.parent
ASSETS = PACKAGE if (PACKAGE / "templates").is_dir() else BASE_DIR  # a wheel carries both folders in the package
NEXUS_HOME = CONFIG.home
os.umask(0o077)  # what Nexus writes is for its owner only
NEXUS_HOME.mkdir(mode=0o700, parents=True, exist_ok=True)
SECRET_KEY = home.secret(NEXUS_HOME)  # this installation's, made at the first start
DEBUG = False
HOST, PORT = CONFIG.host, CONFIG.port
LOOPBACK = CONFIG.loopback
LOOPBACK_NAMES = ["127.0.0.1", "localhost", "[::1]"]
ALLOWED_HOSTS = [*LOOPBACK_NAMES, *CONFIG.allowed_hosts]

INSTALLED_APPS = [
    "daphne",
    "nexus_site.audit.config.AuditConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "csp",
    "django_htmx",
    "django_q",
    "bus",
    "handoffs",
    "overview",
    "dashboard",
    "nexus_site",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "nexus_site.persons.with_person",
]
ROOT_URLCONF = "nexus_site.urls"
ASGI_APPLICATION = "nexus_site.hosted.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ASSETS / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]


def _sqlite(path: Path, synchronous: str, more: str = "") -> dict[str, object]:
    """Return Django's description of a SQLite file in WAL mode; `synchronous` is FULL or NORMAL."""
    pragmas = f"PRAGMA journal_mode=WAL; PRAGMA synchronous={synchronous}; PRAGMA journal_size_limit=67108864;{more}"
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 10, "init_command": pragmas},
        "TEST": {"NAME": NEXUS_HOME / f"test-{path.name}"},
    }


DATABASES = {
    # Checkpoints are left to the serving process's lane; the others make one only when there is none, after 32 MB.
    "default": _sqlite(NEXUS_HOME / "nexus.sqlite3", CONFIG.synchronous, "PRAGMA wal_autocheckpoint=8000;"),
    "queue": _sqlite(NEXUS_HOME / "queue.sqlite3", "NORMAL"),
}
DATABASE_ROUTERS = ["nexus_site.routers.QueueRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 100}}}
Q_CLUSTER = {
    "name": "nexus",
    "orm": "queue",
    "workers": 1,
    "poll": 0.5,
    "timeout": 300,
    "retry": 360,
    "max_attempts": 1,
    "catch_up": False,
    "save_limit": 250,
    "label": "Background work",
    "guard_cycle": 1,
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SESSION_ENGINE = "nexus_site.cookies"
SESSION_COOKIE_NAME = "nexus_session"
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "nexus_csrf"
CSRF_COOKIE_SAMESITE = "Strict"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True
STATIC_URL = "/static/"
STATICFILES_DIRS = [ASSETS / "static"]
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_USE_FINDERS = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "nexus_site.logs.Discreet",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": CONFIG.log_level},
    "loggers": {
        "django.channels.server": {"level": "WARNING"},
        "mcp": {"level": "ERROR"},
        "uvicorn": {"level": "INFO"},  # below, it writes down what sockets say, and with which key
        "websockets": {"level": "INFO"},
    },
}
