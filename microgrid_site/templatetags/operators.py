"""What control, alarms and plans said, in the language of the page: for templates that need no figures."""

from django import template

from microgrid_site.templatetags.portal import said

register = template.Library()
register.filter("said", said)
