"""Danger signs as a patient says them."""

from django.utils.translation import gettext_lazy

from treatments.rules.red_flags import RedFlag

SAID = {
    RedFlag.BREATHING: gettext_lazy("It is hard to breathe or to swallow, or I feel faint"),
    RedFlag.FACE_SWELLING: gettext_lazy("My face, lips or tongue are swelling"),
    RedFlag.DARK_SKIN: gettext_lazy("The skin is turning white, blue or black, or it hurts very much"),
    RedFlag.SPREADING_REDNESS: gettext_lazy("The redness is spreading or feels hot"),
    RedFlag.PUS: gettext_lazy("Pus or liquid is coming out"),
    RedFlag.FEVER: gettext_lazy("I have a fever of 38 °C (100.4 °F) or more"),
    RedFlag.LATE_LUMP: gettext_lazy("There is a new lump, or one that grows, is sore or is open"),
}
