import json

from django.contrib import admin
from django.forms import Script
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from clinic.admin.records import CatalogueAdmin, ExportedAdmin, ReadOnly
from treatments.models import CalendarFeed, DeliveryReport, MessageText, Reminder
from treatments.models.message_text import EXAMPLE, MOST_PARTS
from treatments.rules.sms import BASIC, EXTENDED, length
from treatments.rules.wording import fill


@admin.register(MessageText)
class MessageTextAdmin(CatalogueAdmin):
    """The words of the messages, with what a patient would read beside them."""

    list_display = ["occasion", "channel", "language", "location", "subject"]
    list_filter = ["occasion", "channel", "language", "location"]
    list_select_related = ["location"]
    search_fields = ["subject", "body"]
    readonly_fields = ["preview"]
    fields = ["occasion", "channel", "language", "location", "subject", "body", "preview"]

    class Media:
        js = [Script("treatments/message_text.js", defer=True)]

    @admin.display(description=_("An invented patient reads"))
    def preview(self, text: MessageText) -> SafeString:
        """Return the stored text filled in. A script keeps it to what is being typed."""
        body = fill(text.body, EXAMPLE)
        counted = length(body)
        return format_html(
            '<div class="message-preview" data-basic="{}" data-extended="{}" data-most="{}" data-example="{}">'
            '<strong class="preview-subject">{}</strong><pre class="preview-body">{}</pre>'
            '<p class="preview-length">{}</p></div>{}',
            BASIC,
            EXTENDED,
            MOST_PARTS,
            json.dumps(EXAMPLE),
            fill(text.subject, EXAMPLE),
            body,
            _("%(units)s characters (%(encoding)s), %(parts)s SMS") % vars(counted)
            if text.channel == Reminder.Channel.SMS
            else "",
            self.registered(text),
        )

    def registered(self, text: MessageText) -> SafeString:
        """Return the words under which the template is to be registered at WhatsApp, as they are stored."""
        if text.channel != Reminder.Channel.WHATSAPP:
            return SafeString("")
        said = _("Register it at WhatsApp under the name above, in this language, as:")
        return format_html("<p>{}</p><pre>{}</pre>", said, text.registered)


@admin.register(DeliveryReport)
class DeliveryReportAdmin(ReadOnly, ExportedAdmin):
    list_display = ["reported_at", "reminder", "outcome", "is_address_bad", "source", "said"]
    list_filter = ["outcome", "source", "is_address_bad"]
    list_select_related = ["reminder"]
    search_fields = ["reminder__patient__sort_name", "reminder__patient__record_number", "reminder__address"]
    date_hierarchy = "reported_at"


@admin.register(CalendarFeed)
class CalendarFeedAdmin(ReadOnly, ExportedAdmin):
    list_display = ["user", "shows", "made_at", "revoked_at"]
    list_select_related = ["user"]
    search_fields = ["user__last_name", "user__email"]
    exclude = ["token_hash"]
