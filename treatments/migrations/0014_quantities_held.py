from decimal import Decimal

import django.core.validators
import django.db.models.functions.comparison
import django.db.models.functions.math
from django.conf import settings
from django.db import migrations, models

from clinic.held import rows_first


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0007_reminder_days_held"),
        ("patients", "0010_emergency_access"),
        ("treatments", "0013_session_correction"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="course",
            name="course_has_sessions",
        ),
        migrations.RemoveConstraint(
            model_name="course",
            name="course_price_not_negative",
        ),
        migrations.RemoveConstraint(
            model_name="ingredient",
            name="ingredient_is_something",
        ),
        migrations.RemoveConstraint(
            model_name="injection",
            name="injection_is_something",
        ),
        migrations.RemoveConstraint(
            model_name="instrumentitem",
            name="item_range_ordered",
        ),
        migrations.RemoveConstraint(
            model_name="lot",
            name="lot_received_something",
        ),
        migrations.RemoveConstraint(
            model_name="score",
            name="score_not_negative",
        ),
        migrations.RemoveConstraint(
            model_name="session",
            name="session_weight_possible",
        ),
        migrations.RemoveConstraint(
            model_name="session",
            name="session_depth_possible",
        ),
        migrations.RemoveConstraint(
            model_name="stockchange",
            name="stock_change_has_its_direction",
        ),
        migrations.AlterField(
            model_name="historicalprotocol",
            name="weight_gain_kg",
            field=models.DecimalField(
                decimal_places=1,
                default=3,
                max_digits=4,
                validators=[django.core.validators.MinValueValidator(0)],
                verbose_name="weight gain flagged, kg",
            ),
        ),
        migrations.AlterField(
            model_name="historicalprotocol",
            name="weight_gain_percent",
            field=models.DecimalField(
                decimal_places=1,
                default=5,
                max_digits=4,
                validators=[django.core.validators.MinValueValidator(0)],
                verbose_name="weight gain flagged, percent of baseline",
            ),
        ),
        migrations.AlterField(
            model_name="protocol",
            name="weight_gain_kg",
            field=models.DecimalField(
                decimal_places=1,
                default=3,
                max_digits=4,
                validators=[django.core.validators.MinValueValidator(0)],
                verbose_name="weight gain flagged, kg",
            ),
        ),
        migrations.AlterField(
            model_name="protocol",
            name="weight_gain_percent",
            field=models.DecimalField(
                decimal_places=1,
                default=5,
                max_digits=4,
                validators=[django.core.validators.MinValueValidator(0)],
                verbose_name="weight gain flagged, percent of baseline",
            ),
        ),
        migrations.AddConstraint(
            model_name="course",
            constraint=models.CheckConstraint(
                condition=models.Q(("planned_sessions__gte", 1), ("planned_sessions__lte", 60)),
                name="course_has_sessions",
                violation_error_message="A course has 1 to 60 sessions.",
            ),
        ),
        migrations.AddConstraint(
            model_name="course",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("price__gte", 0),
                    ("price__lte", Decimal("999999.99")),
                    (
                        "price",
                        django.db.models.functions.math.Round(
                            django.db.models.functions.comparison.Cast(
                                "price", models.DecimalField(decimal_places=10, max_digits=30)
                            ),
                            precision=2,
                        ),
                    ),
                ),
                name="course_price_not_negative",
                violation_error_message="A price is between 0 and 999,999.99.",
            ),
        ),
        migrations.AddConstraint(
            model_name="ingredient",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("volume_ml__gte", Decimal("0.001")),
                    ("volume_ml__lte", Decimal(100000)),
                    (
                        "volume_ml",
                        django.db.models.functions.math.Round(
                            django.db.models.functions.comparison.Cast(
                                "volume_ml", models.DecimalField(decimal_places=10, max_digits=30)
                            ),
                            precision=3,
                        ),
                    ),
                ),
                name="ingredient_is_something",
                violation_error_message="An ingredient is more than nothing, and at most 100,000 ml.",
            ),
        ),
        migrations.AddConstraint(
            model_name="injection",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("volume_ml__gte", Decimal("0.001")),
                    ("volume_ml__lte", Decimal(100000)),
                    (
                        "volume_ml",
                        django.db.models.functions.math.Round(
                            django.db.models.functions.comparison.Cast(
                                "volume_ml", models.DecimalField(decimal_places=10, max_digits=30)
                            ),
                            precision=3,
                        ),
                    ),
                ),
                name="injection_is_something",
                violation_error_message="An injection is more than nothing, and at most 100,000 ml.",
            ),
        ),
        migrations.AddConstraint(
            model_name="injection",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("depth_mm__gte", 0),
                    ("depth_mm__lte", 25),
                    (
                        "depth_mm",
                        django.db.models.functions.math.Round(
                            django.db.models.functions.comparison.Cast(
                                "depth_mm", models.DecimalField(decimal_places=10, max_digits=30)
                            ),
                            precision=1,
                        ),
                    ),
                ),
                name="injection_depth_possible",
                violation_error_message="A depth is between 0 and 25 mm.",
            ),
        ),
        migrations.AddConstraint(
            model_name="instrument",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("least__gte", 0),
                    ("least__lte", Decimal("9999.99")),
                    (
                        "least",
                        django.db.models.functions.math.Round(
                            django.db.models.functions.comparison.Cast(
                                "least", models.DecimalField(decimal_places=10, max_digits=30)
                            ),
                            precision=2,
                        ),
                    ),
                    ("most__gte", 0),
                    ("most__lte", Decimal("9999.99")),
                    (
                        "most",
                        django.db.models.functions.math.Round(
                            django.db.models.functions.comparison.Cast(
                                "most", models.DecimalField(decimal_places=10, max_digits=30)
                            ),
                            precision=2,
                        ),
                    ),
                    ("usual_least__gte", 0),
                    ("usual_least__lte", Decimal("9999.99")),
                    (
                        "usual_least",
                        django.db.models.functions.math.Round(
                            django.db.models.functions.comparison.Cast(
                                "usual_least", models.DecimalField(decimal_places=10, max_digits=30)
                            ),
                            precision=2,
                        ),
                    ),
                    ("usual_most__gte", 0),
                    ("usual_most__lte", Decimal("9999.99")),
                    (
                        "usual_most",
                        django.db.models.functions.math.Round(
                            django.db.models.functions.comparison.Cast(
                                "usual_most", models.DecimalField(decimal_places=10, max_digits=30)
                            ),
                            precision=2,
                        ),
                    ),
                    ("asked_change__gte", 0),
                    ("asked_change__lte", Decimal("999.99")),
                    (
                        "asked_change",
                        django.db.models.functions.math.Round(
                            django.db.models.functions.comparison.Cast(
                                "asked_change", models.DecimalField(decimal_places=10, max_digits=30)
                            ),
                            precision=2,
                        ),
                    ),
                    ("readings__gte", 1),
                    ("readings__lte", 2),
                ),
                name="instrument_quantities_possible",
                violation_error_message="A number of this instrument is outside its limits.",
            ),
        ),
        migrations.AddConstraint(
            model_name="instrumentitem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("least__gte", 0),
                    ("most__gt", models.F("least")),
                    ("step__gt", 0),
                    ("least__gte", 0),
                    ("least__lte", Decimal("9999.9")),
                    (
                        "least",
                        django.db.models.functions.math.Round(
                            django.db.models.functions.comparison.Cast(
                                "least", models.DecimalField(decimal_places=10, max_digits=30)
                            ),
                            precision=1,
                        ),
                    ),
                    ("most__gte", 0),
                    ("most__lte", Decimal("9999.9")),
                    (
                        "most",
                        django.db.models.functions.math.Round(
                            django.db.models.functions.comparison.Cast(
                                "most", models.DecimalField(decimal_places=10, max_digits=30)
                            ),
                            precision=1,
                        ),
                    ),
                    ("step__gte", 0),
                    ("step__lte", Decimal("999.9")),
                    (
                        "step",
                        django.db.models.functions.math.Round(
                            django.db.models.functions.comparison.Cast(
                                "step", models.DecimalField(decimal_places=10, max_digits=30)
                            ),
                            precision=1,
                        ),
                    ),
                ),
                name="item_range_ordered",
                violation_error_message="The most is more than the least, and the step more than nothing.",
            ),
        ),
        migrations.AddConstraint(
            model_name="lot",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("received_ml__gte", Decimal("0.001")),
                    ("received_ml__lte", Decimal(100000)),
                    (
                        "received_ml",
                        django.db.models.functions.math.Round(
                            django.db.models.functions.comparison.Cast(
                                "received_ml", models.DecimalField(decimal_places=10, max_digits=30)
                            ),
                            precision=3,
                        ),
                    ),
                ),
                name="lot_received_something",
                violation_error_message="A lot holds more than nothing, and at most 100,000 ml.",
            ),
        ),
        migrations.AddConstraint(
            model_name="milestonereview",
            constraint=models.CheckConstraint(
                condition=models.Q(("after_session__gte", 1), ("after_session__lte", 1000)),
                name="milestone_after_a_session",
                violation_error_message="A milestone is after a session.",
            ),
        ),
        migrations.AddConstraint(
            model_name="photo",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("camera_distance_cm__gte", 10),
                    ("camera_distance_cm__lte", 1000),
                    ("focal_length_mm__gte", 5),
                    ("focal_length_mm__lte", 2000),
                ),
                name="photo_taken_from_somewhere",
                violation_error_message="A camera is 10 cm to 10 m away, with a focal length of 5 to 2000 mm.",
            ),
        ),
        migrations.AddConstraint(
            model_name="product",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("mg_per_ml__gte", Decimal("0.001")),
                    ("mg_per_ml__lte", Decimal("999999.999")),
                    (
                        "mg_per_ml",
                        django.db.models.functions.math.Round(
                            django.db.models.functions.comparison.Cast(
                                "mg_per_ml", models.DecimalField(decimal_places=10, max_digits=30)
                            ),
                            precision=3,
                        ),
                    ),
                    ("max_ml_per_point__gte", Decimal("0.001")),
                    ("max_ml_per_point__lte", Decimal("999999.999")),
                    (
                        "max_ml_per_point",
                        django.db.models.functions.math.Round(
                            django.db.models.functions.comparison.Cast(
                                "max_ml_per_point", models.DecimalField(decimal_places=10, max_digits=30)
                            ),
                            precision=3,
                        ),
                    ),
                    ("max_ml_per_session__gte", Decimal("0.001")),
                    ("max_ml_per_session__lte", Decimal("999999.999")),
                    (
                        "max_ml_per_session",
                        django.db.models.functions.math.Round(
                            django.db.models.functions.comparison.Cast(
                                "max_ml_per_session", models.DecimalField(decimal_places=10, max_digits=30)
                            ),
                            precision=3,
                        ),
                    ),
                    ("max_mg_per_session__gte", Decimal("0.001")),
                    ("max_mg_per_session__lte", Decimal("999999.999")),
                    (
                        "max_mg_per_session",
                        django.db.models.functions.math.Round(
                            django.db.models.functions.comparison.Cast(
                                "max_mg_per_session", models.DecimalField(decimal_places=10, max_digits=30)
                            ),
                            precision=3,
                        ),
                    ),
                    ("max_mg_per_kg__gte", Decimal("0.001")),
                    ("max_mg_per_kg__lte", Decimal("999999.999")),
                    (
                        "max_mg_per_kg",
                        django.db.models.functions.math.Round(
                            django.db.models.functions.comparison.Cast(
                                "max_mg_per_kg", models.DecimalField(decimal_places=10, max_digits=30)
                            ),
                            precision=3,
                        ),
                    ),
                    ("low_stock_ml__gte", Decimal("0.001")),
                    ("low_stock_ml__lte", Decimal("999999.999")),
                    (
                        "low_stock_ml",
                        django.db.models.functions.math.Round(
                            django.db.models.functions.comparison.Cast(
                                "low_stock_ml", models.DecimalField(decimal_places=10, max_digits=30)
                            ),
                            precision=3,
                        ),
                    ),
                    ("max_points_per_session__gte", 1),
                    ("max_points_per_session__lte", 32767),
                ),
                name="product_limits_possible",
                violation_error_message="A limit is more than nothing, and below a million.",
            ),
        ),
        migrations.AddConstraint(
            model_name="protocol",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("sessions_max__gte", 1),
                    ("sessions_max__lte", 60),
                    ("interval_days_max__gte", 1),
                    ("interval_days_max__lte", 365),
                    ("price_min__gte", 0),
                    ("price_min__lte", Decimal("999999.99")),
                    (
                        "price_min",
                        django.db.models.functions.math.Round(
                            django.db.models.functions.comparison.Cast(
                                "price_min", models.DecimalField(decimal_places=10, max_digits=30)
                            ),
                            precision=2,
                        ),
                    ),
                    ("price_max__gte", 0),
                    ("price_max__lte", Decimal("999999.99")),
                    (
                        "price_max",
                        django.db.models.functions.math.Round(
                            django.db.models.functions.comparison.Cast(
                                "price_max", models.DecimalField(decimal_places=10, max_digits=30)
                            ),
                            precision=2,
                        ),
                    ),
                    ("session_minutes__gte", 5),
                    ("session_minutes__lte", 480),
                    ("expected_change_percent__gte", 0),
                    ("expected_change_percent__lte", 100),
                    ("follow_up_months_max__gte", 1),
                    ("follow_up_months_max__lte", 36),
                    ("weight_gain_percent__gte", 0),
                    ("weight_gain_percent__lte", Decimal("999.9")),
                    (
                        "weight_gain_percent",
                        django.db.models.functions.math.Round(
                            django.db.models.functions.comparison.Cast(
                                "weight_gain_percent", models.DecimalField(decimal_places=10, max_digits=30)
                            ),
                            precision=1,
                        ),
                    ),
                    ("weight_gain_kg__gte", 0),
                    ("weight_gain_kg__lte", Decimal("999.9")),
                    (
                        "weight_gain_kg",
                        django.db.models.functions.math.Round(
                            django.db.models.functions.comparison.Cast(
                                "weight_gain_kg", models.DecimalField(decimal_places=10, max_digits=30)
                            ),
                            precision=1,
                        ),
                    ),
                    ("screening_days__gte", 1),
                    ("screening_days__lte", 730),
                    ("aftercare_days__gte", 1),
                    ("aftercare_days__lte", 730),
                ),
                name="protocol_quantities_possible",
                violation_error_message="A number of this protocol is outside its limits.",
            ),
        ),
        migrations.AddConstraint(
            model_name="score",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("value__gte", 0),
                    ("value__lte", Decimal("9999.99")),
                    (
                        "value",
                        django.db.models.functions.math.Round(
                            django.db.models.functions.comparison.Cast(
                                "value", models.DecimalField(decimal_places=10, max_digits=30)
                            ),
                            precision=2,
                        ),
                    ),
                ),
                name="score_not_negative",
                violation_error_message="A score is between 0 and 9999.99.",
            ),
        ),
        migrations.AddConstraint(
            model_name="session",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("weight_kg__gte", 25),
                    ("weight_kg__lte", 350),
                    (
                        "weight_kg",
                        django.db.models.functions.math.Round(
                            django.db.models.functions.comparison.Cast(
                                "weight_kg", models.DecimalField(decimal_places=10, max_digits=30)
                            ),
                            precision=2,
                        ),
                    ),
                ),
                name="session_weight_possible",
                violation_error_message="A weight is between 25 and 350 kg.",
            ),
        ),
        migrations.AddConstraint(
            model_name="session",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("depth_mm__gte", 0),
                    ("depth_mm__lte", 25),
                    (
                        "depth_mm",
                        django.db.models.functions.math.Round(
                            django.db.models.functions.comparison.Cast(
                                "depth_mm", models.DecimalField(decimal_places=10, max_digits=30)
                            ),
                            precision=1,
                        ),
                    ),
                ),
                name="session_depth_possible",
                violation_error_message="A depth is between 0 and 25 mm.",
            ),
        ),
        migrations.AddConstraint(
            model_name="stockchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        models.Q(("kind", "received"), ("volume_ml__gt", 0)),
                        models.Q(("kind__in", ["wasted", "returned"]), ("volume_ml__lt", 0)),
                        models.Q(("kind", "counted"), models.Q(("volume_ml", 0), _negated=True)),
                        _connector="OR",
                    ),
                    ("volume_ml__gte", Decimal("-999999.999")),
                    ("volume_ml__lte", Decimal("999999.999")),
                    (
                        "volume_ml",
                        django.db.models.functions.math.Round(
                            django.db.models.functions.comparison.Cast(
                                "volume_ml", models.DecimalField(decimal_places=10, max_digits=30)
                            ),
                            precision=3,
                        ),
                    ),
                ),
                name="stock_change_has_its_direction",
                violation_error_message="What arrives adds, what is thrown away or sent back takes.",
            ),
        ),
        migrations.AddConstraint(
            model_name="waitingoffer",
            constraint=models.CheckConstraint(
                condition=models.Q(("minutes__gte", 5), ("minutes__lte", 480)),
                name="offer_lasts",
                violation_error_message="An appointment lasts from 5 minutes to 8 hours.",
            ),
        ),
    ]
    operations.insert(0, rows_first("treatments", operations))
