"""Addresses of bills and payments."""

from django.urls import path

from billing.web import views
from billing.web.what_if import what_if_page

urlpatterns = [
    path("bills/", views.bills, name="bills"),
    path("bills/<uuid:public_id>/", views.bill, name="bill"),
    path("bills/<uuid:public_id>/pdf/", views.bill_pdf, name="bill-pdf"),
    path("bills/<uuid:public_id>/readings/", views.bill_readings, name="bill-readings"),
    path("payments/", views.payments, name="payments"),
    path("tariffs/what-if/", what_if_page, name="what-if"),
]
