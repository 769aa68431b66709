"""Addresses below /api/v1/."""

from django.urls import path

from billing.api.card_payments import BillCardPayment, CardPayment, CardPayments
from billing.api.distributions import DistributionList
from billing.api.documents import BillDetail, BillList, BillPdf, PaymentList
from billing.api.incentives import AwardList
from billing.api.moves import SiteMoves
from billing.api.prepaid import PrepaidDayList, PrepaidList
from billing.api.prepaid_agreements import PrepaidOne, PrepaidTerms
from billing.api.public import PublicDays
from billing.api.rule_replay import SiteSharingRules
from billing.api.savings import SiteTipsView
from billing.api.tariff_prices import TariffPricesView
from billing.api.what_if import WhatIfView

urlpatterns = [
    path("public/<slug:slug>/days/", PublicDays.as_view(), name="api-public-days"),
    path("bills/", BillList.as_view(), name="api-bills"),
    path("bills/<uuid:public_id>/", BillDetail.as_view(), name="api-bill"),
    path("bills/<uuid:public_id>/pdf/", BillPdf.as_view(), name="api-bill-pdf"),
    path("bills/<uuid:public_id>/card-payment/", BillCardPayment.as_view(), name="api-bill-card-payment"),
    path("card-payments/", CardPayments.as_view(), name="api-card-payments"),
    path("card-payments/<uuid:public_id>/", CardPayment.as_view(), name="api-card-payment"),
    path("distributions/", DistributionList.as_view(), name="api-distributions"),
    path("incentive-awards/", AwardList.as_view(), name="api-incentive-awards"),
    path("payments/", PaymentList.as_view(), name="api-payments"),
    path("prepaid/", PrepaidList.as_view(), name="api-prepaid"),
    path("prepaid/terms/", PrepaidTerms.as_view(), name="api-prepaid-terms"),
    path("prepaid/<uuid:public_id>/", PrepaidOne.as_view(), name="api-prepaid-one"),
    path("prepaid/<uuid:public_id>/days/", PrepaidDayList.as_view(), name="api-prepaid-days"),
    path("sites/<uuid:public_id>/moves/", SiteMoves.as_view(), name="api-site-moves"),
    path("sites/<uuid:public_id>/sharing-rules/", SiteSharingRules.as_view(), name="api-site-sharing-rules"),
    path("tariff-prices/", TariffPricesView.as_view(), name="api-tariff-prices"),
    path("what-if/", WhatIfView.as_view(), name="api-what-if"),
    path("sites/<uuid:public_id>/tips/", SiteTipsView.as_view(), name="api-site-tips"),
]
