"""The admin by what people come for: tariffs first. One order for the side bar and the start page."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_noop, pgettext_lazy

GROUPS: dict[str, tuple[str, ...]] = {
    "Tariffs": (
        "billing.tariffversion",
        "billing.tariff",
        "billing.tariffassignment",
        "billing.spotindex",
        "billing.spotimport",
        "billing.spotday",
        "billing.tariffpriceday",
        "grid.sharingrule",
        "grid.sharingproposal",
        "grid.marketterms",
        "grid.forgottenorders",
        "grid.plantdivision",
        "grid.storageoriginrule",
        "grid.flexibilityterms",
        "grid.priceday",
    ),
    "Money": (
        "billing.billingrun",
        "billing.document",
        "billing.delivery",
        "billing.billingpolicy",
        "billing.flexibilitycredit",
        "billing.vatstatus",
        "billing.bankstatement",
        "billing.bankstatementline",
        "billing.payment",
        "billing.mandate",
        "billing.charge",
        "billing.paymentrules",
        "billing.prepaidrule",
        "billing.prepaidagreement",
        "billing.prepaidalarm",
        "billing.ledgertransaction",
        "billing.externalaccount",
        "billing.exportprofile",
        "billing.publicpage",
        "billing.arrearsrule",
        "billing.baserate",
        "billing.protection",
        "billing.membershare",
        "billing.distributionrule",
        "billing.yearclosing",
        "billing.incentiveversion",
        "billing.incentiveprogramme",
        "billing.incentivebudget",
        "billing.incentiveaward",
        "billing.incentiveentitlement",
    ),
    "People": ("members.member", "members.user", "members.accessrecord", "members.notification", "members.cooperative"),
    "Metering": (
        "energy.microgrid",
        "energy.site",
        "energy.siteownership",
        "energy.source",
        "energy.maintenanceplan",
        "energy.workorder",
        "energy.consumer",
        "energy.storageunit",
        "energy.assetrequest",
        "energy.meter",
        "energy.device",
        "energy.devicealarm",
        "energy.sensor",
        "energy.enrolmentcode",
        "energy.deviceevent",
        "energy.meterexchange",
        "energy.firmwarerelease",
        "energy.devicecertificate",
        "energy.refusalcount",
        "energy.review",
        "energy.classsettings",
        "energy.learnedlimits",
        "energy.node",
        "energy.line",
        "energy.transformer",
        "energy.switch",
        "energy.networkchange",
        "energy.gateway",
        "energy.gatewayrefusal",
        "energy.readingimport",
        "energy.feedsilence",
        "energy.forecastscore",
        "energy.forecastrun",
        "energy.forecastmodel",
    ),
    "Grid": (
        "grid.dayclosing",
        "grid.sharingday",
        "grid.balanceday",
        "grid.gridstate",
        "grid.devicecommand",
        "grid.controlrule",
        "grid.planrule",
        "grid.emergency",
        "grid.emergencycontact",
        "grid.operatoroverride",
        "grid.gridalarm",
        "grid.interruption",
        "grid.plannedoutage",
        "grid.outagerule",
        "grid.switchorder",
        "grid.supplyrequest",
        "grid.demandprogramme",
        "grid.demandconsent",
        "grid.demandevent",
        "grid.demandresponse",
        "grid.flexiblerun",
        "grid.flexiblerunresult",
        "grid.devicelink",
        "grid.chargingsession",
        "grid.chargingtag",
        "grid.adrprogram",
        "grid.adrevent",
        "grid.adrreport",
    ),
    "Witness": (
        "contracts.anchor",
        "contracts.chaintransaction",
        "contracts.chaindeployment",
        "contracts.stablecoin",
        "contracts.paymentquote",
        "contracts.chainpayment",
        "contracts.chainwithdrawal",
        "contracts.walletlink",
    ),
}

# Names of the groups, and what the admin and its theme say and have no German for, or a poor one.
NAMES = (
    gettext_noop("Tariffs"),
    gettext_noop("Money"),
    gettext_noop("People"),
    gettext_noop("Metering"),
    gettext_noop("Grid"),
    gettext_noop("Witness"),
    gettext_noop("Technical"),
    gettext_noop("Search apps and models..."),
    gettext_noop("Type to search"),
    gettext_noop("General"),
    gettext_noop("No results found"),
    gettext_noop("This page yielded into no results. Create a new item or reset your filters."),
    gettext_noop("Select value"),
    gettext_noop("Add new item"),
    gettext_noop("Click to cancel"),
    gettext_noop("Click to download"),
    gettext_noop("Current file"),
    gettext_noop("Dark"),
    gettext_noop("Light"),
    gettext_noop("System"),
    gettext_noop("Date from"),
    gettext_noop("Date to"),
    gettext_noop("Expand row"),
    gettext_noop("Collapse"),
    gettext_noop("Go back"),
    gettext_noop("Loading more results..."),
    gettext_noop("More actions"),
    gettext_noop("New"),
    gettext_noop("Next"),
    gettext_noop("Previous"),
    gettext_noop("No data"),
    gettext_noop("Recent searches"),
    gettext_noop("No recent searches"),
    gettext_noop("No results matching your query"),
    gettext_noop("Non field specific"),
    gettext_noop("Reset to default"),
    gettext_noop("Return to site"),
    gettext_noop("Select action"),
    gettext_noop("Select all rows"),
    gettext_noop("Select record"),
    gettext_noop("Toggle password visibility"),
    gettext_noop("This item will be deleted."),
    gettext_noop("Value"),
    gettext_noop("You have been successfully logged out from the administration"),
    gettext_noop("Save and add another"),
    gettext_noop("Save and continue editing"),
    gettext_noop("Save as new"),
    gettext_noop("History"),
    gettext_noop("Site administration"),
    gettext_noop("Select action to run"),
    gettext_noop("Run"),
    gettext_noop("Choose file to upload"),
    gettext_noop("Show all"),
    gettext_noop("Filters"),
    gettext_noop("Apply filters"),
    gettext_noop("Reset filters"),
)

# What tables are called that have no name of their own in the models.
RECORDS = {
    "energy.assetrequest": pgettext_lazy("records", "Devices asked for"),
    "energy.device": pgettext_lazy("records", "Devices"),
    "energy.sensor": pgettext_lazy("records", "Sensors"),
    "energy.devicealarm": pgettext_lazy("records", "Device alarms"),
    "energy.deviceevent": pgettext_lazy("records", "Device events"),
    "energy.devicecertificate": pgettext_lazy("records", "Device certificates"),
    "energy.enrolmentcode": pgettext_lazy("records", "Enrolment codes"),
    "energy.meterexchange": pgettext_lazy("records", "Meter exchanges"),
    "energy.refusalcount": pgettext_lazy("records", "Refused messages"),
    "energy.microgrid": pgettext_lazy("records", "Microgrids"),
    "energy.site": pgettext_lazy("records", "Sites"),
    "energy.siteownership": pgettext_lazy("records", "Owners of sites"),
    "energy.source": pgettext_lazy("records", "Sources"),
    "energy.consumer": pgettext_lazy("records", "Consumers"),
    "energy.storageunit": pgettext_lazy("records", "Storages"),
    "energy.meter": pgettext_lazy("records", "Meters"),
    "energy.node": pgettext_lazy("records", "Nodes"),
    "energy.line": pgettext_lazy("records", "Lines"),
    "energy.transformer": pgettext_lazy("records", "Transformers"),
    "energy.switch": pgettext_lazy("records", "Switches"),
    "energy.networkchange": pgettext_lazy("records", "Changes of the network"),
    "energy.firmwarerelease": pgettext_lazy("records", "Firmware releases"),
    "energy.forecastmodel": pgettext_lazy("records", "Forecast models"),
    "energy.forecastrun": pgettext_lazy("records", "Forecasts"),
    "energy.forecastscore": pgettext_lazy("records", "Forecast scores"),
    "energy.maintenanceplan": pgettext_lazy("records", "Maintenance plans"),
    "energy.workorder": pgettext_lazy("records", "Work orders"),
    "energy.readingimport": pgettext_lazy("records", "Imports of readings"),
    "energy.gateway": pgettext_lazy("records", "Gateways"),
    "energy.gatewayrefusal": pgettext_lazy("records", "Refusals of gateways"),
    "energy.feedsilence": pgettext_lazy("records", "Silent feeds"),
    "energy.classsettings": pgettext_lazy("records", "Settings of meter classes"),
    "energy.learnedlimits": pgettext_lazy("records", "Learned limits"),
    "energy.review": pgettext_lazy("records", "Reviews"),
    "grid.dayclosing": pgettext_lazy("records", "Day closings"),
    "grid.sharingday": pgettext_lazy("records", "Sharing days"),
    "grid.balanceday": pgettext_lazy("records", "Balance days"),
    "grid.gridstate": pgettext_lazy("records", "Grid states"),
    "grid.devicecommand": pgettext_lazy("records", "Device commands"),
    "grid.gridalarm": pgettext_lazy("records", "Grid alarms"),
    "grid.controlrule": pgettext_lazy("records", "Control rules"),
    "grid.demandprogramme": pgettext_lazy("records", "Demand programmes"),
    "grid.demandconsent": pgettext_lazy("records", "Consents to programmes"),
    "grid.demandevent": pgettext_lazy("records", "Demand events"),
    "grid.demandresponse": pgettext_lazy("records", "Responses to events"),
    "grid.devicelink": pgettext_lazy("records", "Device links"),
    "grid.chargingtag": pgettext_lazy("records", "Charging cards"),
    "grid.chargingsession": pgettext_lazy("records", "Charging sessions"),
    "grid.adrreport": pgettext_lazy("records", "OpenADR reports"),
    "grid.adrprogram": pgettext_lazy("records", "OpenADR programmes"),
    "grid.adrevent": pgettext_lazy("records", "OpenADR events"),
    "grid.emergencycontact": pgettext_lazy("records", "Emergency contacts"),
    "grid.emergency": pgettext_lazy("records", "Emergencies"),
    "grid.operatoroverride": pgettext_lazy("records", "Orders by hand"),
    "grid.flexiblerun": pgettext_lazy("records", "Runs that can wait"),
    "grid.flexiblerunresult": pgettext_lazy("records", "Results of runs"),
    "grid.interruption": pgettext_lazy("records", "Interruptions"),
    "grid.planrule": pgettext_lazy("records", "Plan rules"),
    "grid.supplyrequest": pgettext_lazy("records", "Requests to limit supply"),
    "grid.outagerule": pgettext_lazy("records", "Outage rules"),
    "grid.plannedoutage": pgettext_lazy("records", "Planned outages"),
    "grid.switchorder": pgettext_lazy("records", "Switch orders"),
}


def groups() -> dict[str, tuple[str, ...]]:
    """The groups, with a last one for what no other holds."""
    named = {label for labels in GROUPS.values() for label in labels}
    rest = sorted(model._meta.label_lower for model in admin.site._registry)
    return GROUPS | {"Technical": tuple(label for label in rest if label not in named)}


def side_bar(request: HttpRequest) -> list[dict[str, Any]]:
    """The side bar's groups; what a role may not see is left out."""
    shown = [{"title": gettext(group), "collapsible": True, "items": _links(request, labels)} for group, labels in groups().items()]
    return [group for group in shown if group["items"]]


def name_records() -> None:
    """Let tables be called so wherever the admin names them: side bar, headings, counts. Migrations never see it."""
    for label, name in RECORDS.items():
        apps.get_model(label)._meta.verbose_name_plural = name


def _name_of(model: type[Model]) -> str:
    """What a table is called, in the page's language."""
    return capfirst(str(model._meta.verbose_name_plural))


def _links(request: HttpRequest, labels: tuple[str, ...]) -> list[dict[str, Any]]:
    models = [apps.get_model(label) for label in labels]
    return [
        {"title": _name_of(model), "link": reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")}
        for model in models
        if admin.site._registry[model].has_view_permission(request)
    ]


def start_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The start page's list in the same groups."""
    shown = {
        entry["model"]._meta.label_lower: entry | {"name": _name_of(entry["model"])}
        for app in context["app_list"]
        for entry in app["models"]
    }
    context["app_list"] = [
        {"name": gettext(group), "app_label": group.lower(), "app_url": "", "models": [shown[label] for label in labels if label in shown]}
        for group, labels in groups().items()
        if shown.keys() & set(labels)
    ]
    return context
