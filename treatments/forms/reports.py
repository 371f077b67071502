"""What a clinician says about a cluster."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from clinic.forms import OnceForm
from clinic.models import User
from clinic.validators import validate_plain_text
from treatments.clusters import Cluster
from treatments.forms.notes import NoteField
from treatments.models import ClusterReview


class ClusterReviewForm(OnceForm):
    """Why it can rest, or what is done. It rests until another patient has the reaction."""

    reason = NoteField(
        label=_("Seen, because"),
        most=1000,
        validators=[validate_plain_text],
        error_messages={"required": _("Say why: the next reader has to know.")},
    )

    class Meta:
        model = ClusterReview
        fields = ["reason"]

    def keep(self, cluster: Cluster, *, by: User, now: datetime) -> ClusterReview:
        review: ClusterReview = self.instance
        review.product, review.number, review.kind = cluster.product, cluster.number, cluster.kind
        review.patients = cluster.own.patients.count
        review.seen_at, review.seen_by = now, by
        made: ClusterReview = self.save()
        return made
