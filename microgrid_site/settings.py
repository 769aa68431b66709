"""Settings, all from the environment; `script/` starts embedded servers for what is left empty and names them here."""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("MICROGRID_VAR") or BASE_DIR / "var").resolve()


def _flag(name: str, default: bool) -> bool:
    text = os.environ.get(name, "")
    return default if not text else text.lower() in {"1", "true", "yes", "on"}


def _database(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured("DATABASE_URL must begin with postgresql://")
    query = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "microgrid",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(query.get("host", parts.hostname or "")),
        "PORT": str(parts.port or query.get("port", "")),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "TEST": {"TEMPLATE": "template0"},
    }


# Commands that need no server (makemigrations, study_*) run without these; everything else says what is missing.
DATABASES = {"default": _database(os.environ.get("DATABASE_URL") or "postgresql://localhost/microgrid")}
REDIS_URL = os.environ.get("REDIS_URL") or "redis://127.0.0.1:6379/0"
MQTT_URL = os.environ.get("MQTT_URL") or "mqtt://127.0.0.1:1883"
# Devices with certificates: the embedded broker's own listener, or the address of another broker (mqtts://host:port).
MQTT_TLS_URL = os.environ.get("MQTT_TLS_URL", "")
MQTT_TLS_NAMES = [n for n in os.environ.get("MQTT_TLS_NAMES", "localhost,127.0.0.1").split(",") if n]
# Networks in which devices that we call may be (SunSpec); an address outside is never asked.
DEVICE_NETWORKS = [n for n in (os.environ.get("DEVICE_NETWORKS") or "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fd00::/8").split(",") if n]
DEVICE_PATIENCE_S = float(os.environ.get("DEVICE_PATIENCE_S") or 3)
BROKER_DIR = VAR_DIR / "broker"
FIRMWARE_DIR = VAR_DIR / "firmware"
# An address in Open-Meteo's form, a .json or a .csv file; empty: forecasts rest on clear sky and own history.
WEATHER_SOURCE = os.environ.get("WEATHER_SOURCE", "")
# The token of ENTSO-E's Transparency Platform, for spot indexes that are fetched from there.
ENTSOE_TOKEN = os.environ.get("ENTSOE_TOKEN", "")
# After how many months the order books of settled days are forgotten (0: never), and a folder that gets a copy before (empty: none).
ORDER_MONTHS = int(os.environ.get("ORDER_MONTHS") or 12)
ORDER_ARCHIVE = os.environ.get("ORDER_ARCHIVE", "")
CHAIN_RPC_URL = os.environ.get("CHAIN_RPC_URL") or "http://127.0.0.1:8545"
CHAIN_PUBLIC_RPC_URL = os.environ.get("CHAIN_PUBLIC_RPC_URL") or CHAIN_RPC_URL
CHAIN_PRIVATE_KEY = os.environ.get("CHAIN_PRIVATE_KEY", "")
CHAIN_CONFIRMATIONS = int(os.environ.get("CHAIN_CONFIRMATIONS") or 1)
# A transaction that waits longer is signed again with a higher fee, up to the highest per unit of gas.
CHAIN_FEE_PATIENCE_S = float(os.environ.get("CHAIN_FEE_PATIENCE_S") or 180)
CHAIN_HIGHEST_FEE_GWEI = int(os.environ.get("CHAIN_HIGHEST_FEE_GWEI") or 500)
CHAIN_WEI_PER_MINOR = int(os.environ.get("CHAIN_WEI_PER_MINOR") or 4_000_000_000_000)
CHAIN_COIN = os.environ.get("CHAIN_COIN") or "ETH"
# For which cooperative the contract takes coins, by slug; may stay empty where there is one.
CHAIN_COOPERATIVE = os.environ.get("CHAIN_COOPERATIVE", "")
# The ERC-20 token in which bills can be paid too, and its units per minor unit (0: one coin is one unit of the currency).
CHAIN_STABLE_COIN = os.environ.get("CHAIN_STABLE_COIN", "")
CHAIN_STABLE_UNITS_PER_MINOR = int(os.environ.get("CHAIN_STABLE_UNITS_PER_MINOR") or 0)
IPFS_API_URL = os.environ.get("IPFS_API_URL", "")
# A card provider ("stripe", or one with its API); empty: no cards. Its secrets are here and nowhere else.
CARD_PROVIDER = os.environ.get("CARD_PROVIDER", "")
CARD_API_URL = os.environ.get("CARD_API_URL") or "https://api.stripe.com"
CARD_SECRET_KEY = os.environ.get("CARD_SECRET_KEY", "")
# The signing secret of the webhook; two with a comma while one takes the place of the other.
CARD_WEBHOOK_SECRETS = [s for s in os.environ.get("CARD_WEBHOOK_SECRET", "").split(",") if s]
# Whose account at the provider it is, by slug; may stay empty where there is one cooperative.
CARD_COOPERATIVE = os.environ.get("CARD_COOPERATIVE", "")
if CARD_PROVIDER not in {"", "stripe"}:
    raise ImproperlyConfigured("CARD_PROVIDER is empty or 'stripe'.")
if CARD_PROVIDER and not (CARD_SECRET_KEY and CARD_WEBHOOK_SECRETS):
    raise ImproperlyConfigured("CARD_PROVIDER needs CARD_SECRET_KEY and CARD_WEBHOOK_SECRET.")

SECRET_KEY = os.environ.get("SECRET_KEY") or "only-for-commands-without-a-server"
DEBUG = _flag("DEBUG", False)
ALLOWED_HOSTS = [h for h in os.environ.get("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1],testserver").split(",") if h]
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("CSRF_TRUSTED_ORIGINS", "").split(",") if o]
SITE_IS_HTTPS = _flag("SITE_IS_HTTPS", False)

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.headless",
    "django_cotton",
    "django_htmx",
    "django_celery_beat",
    "rest_framework",
    "rest_framework.authtoken",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "channels",
    "members",
    "energy",
    "grid",
    "billing",
    "contracts",
    "microgrid_site",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "microgrid_site.compression.Compression",
    "django.middleware.http.ConditionalGetMiddleware",
    "grid.web.emergency_pass.EmergencyPass",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "microgrid_site.refusals.Bounded",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "microgrid_site.urls"
ASGI_APPLICATION = "microgrid_site.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "microgrid_site.pages.navigation.navigation",
            ]
        },
    }
]
COTTON_DIR = "cotton"

AUTH_USER_MODEL = "members.User"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend", "allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_ADAPTER = "members.adapters.accounts.InvitedOnlyAdapter"
HEADLESS_ONLY = False
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SITE_IS_HTTPS
SECURE_SSL_REDIRECT = SITE_IS_HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if SITE_IS_HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL, "KEY_PREFIX": "microgrid"}}

CELERY_BROKER_URL = REDIS_URL
CELERY_RESULT_BACKEND = REDIS_URL
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_TIME_LIMIT = 1800
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SERIALIZER = "json"
CELERY_TIMEZONE = "UTC"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
# Fonts that documents are set in; nothing of the system is used, so that every machine makes the same pages.
DOCUMENT_FONTS = BASE_DIR / "billing" / "adapters" / "documents" / "fonts"
CONTROL_TICK_SECONDS = float(os.environ.get("CONTROL_TICK_SECONDS") or 4)
CELERY_BEAT_SCHEDULE = {
    "read devices behind links": {"task": "grid.tasks.read_device_links", "schedule": 60.0, "options": {"queue": "default", "expires": 60}},
    "tell OpenADR's clients": {"task": "grid.tasks.tell_openadr_clients", "schedule": 10.0, "options": {"queue": "default", "expires": 10}},
    "make plans": {"task": "grid.tasks.make_plans", "schedule": 30.0, "options": {"queue": "default", "expires": 30}},
    "close finished days": {"task": "grid.tasks.close_finished_days", "schedule": 60.0, "options": {"queue": "default", "expires": 60}},
    "bill finished months": {
        "task": "billing.tasks.bill_finished_months",
        "schedule": crontab(minute="*/10"),
        "options": {"queue": "default"},
    },
    "send documents": {"task": "billing.tasks.send_queued", "schedule": 60.0, "options": {"queue": "default", "expires": 60}},
    "run markets": {"task": "grid.tasks.run_markets", "schedule": 60.0, "options": {"queue": "default", "expires": 60}},
    "fetch index prices": {
        "task": "billing.tasks.fetch_index_prices",
        "schedule": crontab(minute="2-59/5"),
        "options": {"queue": "default", "expires": 240},
    },
    "publish prices ahead": {
        "task": "billing.tasks.publish_prices_ahead",
        "schedule": crontab(minute="*/5"),
        "options": {"queue": "default", "expires": 300},
    },
    "use members' credit": {
        "task": "billing.tasks.use_open_credits",
        "schedule": crontab(minute="41"),
        "options": {"queue": "default", "expires": 3600},
    },
    "ask the card provider": {
        "task": "billing.tasks.ask_card_provider",
        "schedule": crontab(minute="*/10"),
        "options": {"queue": "default", "expires": 600},
    },
    "forget old orders": {
        "task": "grid.tasks.forget_old_orders",
        "schedule": crontab(hour="4", minute="10"),
        "options": {"queue": "default", "expires": 3600},
    },
    "close votes": {"task": "grid.tasks.close_votes", "schedule": 60.0, "options": {"queue": "default", "expires": 60}},
    "replay posted months": {
        "task": "billing.tasks.replay_posted_months",
        "schedule": 120.0,
        "options": {"queue": "default", "expires": 120},
    },
    "learn limits": {
        "task": "energy.tasks.learn_limits",
        "schedule": crontab(hour="3", minute="17"),
        "options": {"queue": "default", "expires": 3600},
    },
    "begin moves": {"task": "billing.tasks.begin_moves", "schedule": 60.0, "options": {"queue": "default", "expires": 60}},
    "look after sources": {
        "task": "energy.tasks.look_after_sources",
        "schedule": crontab(minute="7"),
        "options": {"queue": "default", "expires": 3000},
    },
    "call emergency contacts": {
        "task": "grid.tasks.call_emergency_contacts",
        "schedule": 30.0,
        "options": {"queue": "default", "expires": 30},
    },
    "run planned outages": {"task": "grid.tasks.run_planned_outages", "schedule": 5.0, "options": {"queue": "default", "expires": 5}},
    "watch control": {"task": "grid.tasks.watch_control", "schedule": 10.0, "options": {"queue": "default", "expires": 10}},
    "study networks": {"task": "grid.tasks.study_networks", "schedule": crontab(hour="3", minute="40"), "options": {"queue": "default"}},
    "look for bypass": {
        "task": "grid.tasks.look_for_bypass",
        "schedule": crontab(minute="22"),
        "options": {"queue": "default", "expires": 3000},
    },
    "measure demand events": {
        "task": "grid.tasks.measure_demand_events",
        "schedule": crontab(minute="*/10"),
        "options": {"queue": "default", "expires": 600},
    },
    "book demand events": {
        "task": "billing.tasks.book_demand_events",
        "schedule": crontab(minute="*/10"),
        "options": {"queue": "default", "expires": 600},
    },
    "hear silence": {"task": "energy.tasks.hear_silence", "schedule": 60.0, "options": {"queue": "default", "expires": 60}},
    "judge members' own alarms": {
        "task": "energy.tasks.judge_own_alarms",
        "schedule": crontab(minute="*/15"),
        "options": {"queue": "default", "expires": 800},
    },
    "look for signs of tampering": {
        "task": "energy.tasks.look_for_signs_of_tampering",
        "schedule": crontab(minute="23"),
        "options": {"queue": "default", "expires": 3000},
    },
    "renew what runs out": {
        "task": "energy.tasks.renew_what_runs_out",
        "schedule": crontab(minute="41"),
        "options": {"queue": "default", "expires": 3000},
    },
    "look ahead": {"task": "energy.tasks.look_ahead", "schedule": 300.0, "options": {"queue": "default", "expires": 300}},
    "take the weather": {
        "task": "energy.tasks.take_weather",
        "schedule": crontab(minute="41"),
        "options": {"queue": "default", "expires": 3000},
    },
    "send notifications": {"task": "members.tasks.send_notifications", "schedule": 60.0, "options": {"queue": "default", "expires": 60}},
    "remind members": {
        "task": "billing.tasks.remind_members",
        "schedule": crontab(hour="5", minute="5"),
        "options": {"queue": "default", "expires": 3600},
    },
    "look at prepaid balances": {
        "task": "billing.tasks.look_at_prepaid",
        "schedule": crontab(minute="8-59/15"),
        "options": {"queue": "default", "expires": 840},
    },
    "compare sums": {
        "task": "contracts.tasks.compare_sums",
        "schedule": crontab(hour="4", minute="10"),
        "options": {"queue": "default", "expires": 3600},
    },
    "witness": {"task": "contracts.tasks.witness", "schedule": 5.0, "options": {"queue": "chain", "expires": 5}},
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": [
        "energy.api.parsers.BoundedJSONParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "energy.api.problems.as_problem",
    "DEFAULT_PAGINATION_CLASS": "energy.api.paging.Pages",
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.AnonRateThrottle", "rest_framework.throttling.UserRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"anon": "60/min", "user": "600/min"},
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Microgrid API",
    "DESCRIPTION": "What a member's phone, an auditor's script and a head-end may ask and tell.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {
        "DocumentStatusEnum": "billing.models.DocumentStatus",
        "DocumentKindEnum": "billing.models.DocumentKind",
        "GridAlarmKindEnum": "grid.models.GridAlarmKind",
        "GridAlarmStepKindEnum": "grid.models.GridAlarmStepKind",
        "TradingModeEnum": "grid.models.TradingMode",
        "GridStatusEnum": "grid.models.GridStatus",
        "CommandStatusEnum": "grid.models.CommandStatus",
        "MeterKindEnum": "energy.models.meters.MeterKind",
        "SourceKindEnum": "energy.models.assets.SourceKind",
        "AssetStatusEnum": "energy.models.assets.AssetStatus",
        "OwnAlarmKindEnum": "energy.models.OwnAlarmKind",
        "DeviceStatusEnum": "energy.models.devices.DeviceStatus",
        "SiteKindEnum": "energy.models.sites.SiteKind",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

UNFOLD = {
    "SITE_TITLE": "Microgrid",
    "SITE_HEADER": "Microgrid",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": True,
    "BORDER_RADIUS": "10px",
    "STYLES": [lambda request: static("dist/admin.css")],
    "DASHBOARD_CALLBACK": "microgrid_site.admin_order.start_page",
    "SIDEBAR": {"show_search": True, "navigation": "microgrid_site.admin_order.side_bar"},
    # The accent of the portal (static/src/style.css) and its neighbours in lightness.
    "COLORS": {
        "base": {
            "50": "#faf9f5",
            "100": "#f1f2ed",
            "200": "#dfe3dc",
            "300": "#c9d0c9",
            "400": "#9fb0a7",
            "500": "#6d7b73",
            "600": "#56635c",
            "700": "#3c4a43",
            "800": "#26302b",
            "900": "#18201c",
            "950": "#0f1512",
        },
        "primary": {
            "50": "#eef3ef",
            "100": "#d6e9df",
            "200": "#aed6c3",
            "300": "#7fc2a5",
            "400": "#4cc79a",
            "500": "#2b9c76",
            "600": "#0b6e4f",
            "700": "#095a41",
            "800": "#074733",
            "900": "#053626",
            "950": "#03241a",
        },
    },
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
FORMAT_MODULE_PATH = "microgrid_site.formats"
LOCALE_PATHS = [BASE_DIR / "locale"]
# Says a sentence that was kept in English in the reader's language: by the phrases of all rooms, which only this one knows.
KEPT_SENTENCES = "microgrid_site.templatetags.portal.said"
MESSAGE_STORAGE = "microgrid_site.kept_messages.SaidMessages"

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
MEDIA_ROOT = VAR_DIR / "media"
DOCUMENT_DIR = VAR_DIR / "documents"
IPFS_STORE_DIR = VAR_DIR / "ipfs"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
EMAIL_BACKEND = os.environ.get("EMAIL_BACKEND") or "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = VAR_DIR / "mail"
# Where members reach the portal: e-mails with documents lead there.
SITE_URL = os.environ.get("SITE_URL") or "http://localhost:8000"
DEFAULT_FROM_EMAIL = os.environ.get("DEFAULT_FROM_EMAIL") or "cooperative@localhost"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("LOG_LEVEL") or "WARNING"},
}
