"""Addresses of the pages of those who run the metering: readings and devices."""

from django.urls import path, re_path

from energy.web import devices, firmware, imports, reviews, silence

urlpatterns = [
    path("readings/", imports.overview, name="readings"),
    path("readings/imports/<uuid:public_id>/", imports.one, name="import"),
    path("readings/imports/<uuid:public_id>/progress/", imports.progress, name="import-progress"),
    re_path(r"^firmware/(?P<kind>metadata|targets)/(?P<path>.+)$", firmware.firmware_file, name="firmware-file"),
    path("readings/silence/", silence.silence, name="silence"),
    path("readings/reviews/", reviews.review_list, name="reviews"),
    path("readings/reviews/<uuid:public_id>/", reviews.review_page, name="review"),
    path("devices/", devices.device_list, name="devices"),
    path("devices/new/", devices.new_code, name="device-code"),
    path("devices/alarms/<uuid:public_id>/", devices.alarm_step, name="device-alarm"),
    path("devices/<uuid:public_id>/", devices.device_page, name="device"),
    path("devices/<uuid:public_id>/end/", devices.end_device, name="device-end"),
    path("devices/<uuid:public_id>/exchange/", devices.exchange, name="device-exchange"),
    path("devices/<uuid:public_id>/encryption/", devices.encryption, name="device-encryption"),
]
