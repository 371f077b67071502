"""The texts a clinic starts with, in English, French and Spanish. Each is an admin's to change."""

from django.db import migrations

# language: greeting, how to change an appointment, how to find a time, the line about stopping, the end
FRAME = {
    "en": (
        "Dear {name},",
        "If you cannot come, call {phone}.",
        "To find a time that suits you, call {phone}.",
        "No more messages of this kind: {stop}",
        "{place}\n{address}",
    ),
    "fr": (
        "Bonjour {name},",
        "Si vous ne pouvez pas venir, appelez le {phone}.",
        "Pour trouver un moment qui vous convient, appelez le {phone}.",
        "Ne plus recevoir ces messages : {stop}",
        "{place}\n{address}",
    ),
    "es": (
        "Hola {name}:",
        "Si no puede venir, llame al {phone}.",
        "Para encontrar una hora que le convenga, llame al {phone}.",
        "No recibir más mensajes de este tipo: {stop}",
        "{place}\n{address}",
    ),
}

# occasion: language: subject, sentence of the e-mail, SMS
WINDOW = {
    "opens": {
        "en": (
            "Your appointment at {place}",
            "It is time for your next visit at {place}. The best days for it are from {opens} to {closes}.",
            "{place}: it is time for your next visit, best by {closes}. Call {phone}.",
        ),
        "fr": (
            "Votre rendez-vous à {place}",
            "Il est temps de prévoir votre prochaine visite à {place}. Les meilleurs jours vont du {opens} au {closes}.",
            "{place} : il est temps de prévoir votre prochaine visite, au mieux avant le {closes}. Appelez le {phone}.",
        ),
        "es": (
            "Su cita en {place}",
            "Es el momento de su próxima visita en {place}. Los mejores días son del {opens} al {closes}.",
            "{place}: es el momento de su visita, mejor antes del {closes}. Llame al {phone}.",
        ),
    },
    "middle": {
        "en": (
            "Your next visit at {place}",
            "Your next visit at {place} is not booked yet. The best days for it go on until {closes}.",
            "{place}: your next visit is not booked yet. It is best by {closes}. Call {phone}.",
        ),
        "fr": (
            "Votre prochaine visite à {place}",
            "Votre prochaine visite à {place} n’est pas encore réservée. Les meilleurs jours vont jusqu’au {closes}.",
            "{place} : votre prochaine visite n'est pas encore prise, au mieux avant le {closes}. Appelez le {phone}.",
        ),
        "es": (
            "Su próxima visita en {place}",
            "Su próxima visita en {place} aún no tiene hora. Los mejores días son hasta el {closes}.",
            "{place}: su visita no tiene hora, mejor antes del {closes}. Llame al {phone}.",
        ),
    },
    "closes": {
        "en": (
            "Your next visit at {place}, by {closes}",
            "The best days for your next visit at {place} end on {closes}.",
            "{place}: the best days for your next visit end on {closes}. Call {phone}.",
        ),
        "fr": (
            "Votre prochaine visite à {place}, avant le {closes}",
            "Les meilleurs jours pour votre prochaine visite à {place} finissent le {closes}.",
            "{place} : les meilleurs jours pour votre visite finissent le {closes}. Appelez le {phone}.",
        ),
        "es": (
            "Su próxima visita en {place}, hasta el {closes}",
            "Los mejores días para su próxima visita en {place} terminan el {closes}.",
            "{place}: los mejores días para su visita terminan el {closes}. Llame al {phone}.",
        ),
    },
}
APPOINTMENT = {
    "booked": {
        "en": (
            "Your appointment at {place}, {day}",
            "Your appointment at {place} is on {day} at {time}.",
            "{place}: your appointment is on {day} at {time}. Changes: {phone}.",
        ),
        "fr": (
            "Votre rendez-vous à {place}, {day}",
            "Votre rendez-vous à {place} est le {day} à {time}.",
            "{place} : votre rendez-vous est le {day} à {time}. Pour changer : {phone}.",
        ),
        "es": (
            "Su cita en {place}, {day}",
            "Su cita en {place} es el {day} a las {time}.",
            "{place}: su cita es el {day} a las {time}. Cambios: {phone}.",
        ),
    },
    "moved": {
        "en": (
            "Your appointment at {place} is moved to {day}",
            "Your appointment at {place} has another time: {day} at {time}. The time before it no longer holds.",
            "{place}: your appointment is moved to {day} at {time}. Changes: {phone}.",
        ),
        "fr": (
            "Votre rendez-vous à {place} est déplacé au {day}",
            "Votre rendez-vous à {place} change de moment : {day} à {time}. L’ancien ne tient plus.",
            "{place} : votre rendez-vous est au {day} à {time}, et non plus avant. Pour changer : {phone}.",
        ),
        "es": (
            "Su cita en {place} cambia al {day}",
            "Su cita en {place} tiene otra hora: {day} a las {time}. La hora anterior ya no vale.",
            "{place}: su cita cambia al {day} a las {time}. Cambios: {phone}.",
        ),
    },
    "cancelled": {
        "en": (
            "Your appointment at {place} on {day} is cancelled",
            "Your appointment at {place} on {day} at {time} is cancelled.",
            "{place}: your appointment on {day} at {time} is cancelled. Call {phone}.",
        ),
        "fr": (
            "Votre rendez-vous à {place} du {day} est annulé",
            "Votre rendez-vous à {place} du {day} à {time} est annulé.",
            "{place} : votre rendez-vous du {day} à {time} est annulé. Appelez le {phone}.",
        ),
        "es": (
            "Su cita en {place} del {day} queda anulada",
            "Su cita en {place} del {day} a las {time} queda anulada.",
            "{place}: su cita del {day} a las {time} queda anulada. Llame al {phone}.",
        ),
    },
    "soon": {
        "en": (
            "Reminder: your appointment at {place}, {day}",
            "We expect you at {place} on {day} at {time}.",
            "{place}: we expect you on {day} at {time}. If you cannot come: {phone}.",
        ),
        "fr": (
            "Rappel : votre rendez-vous à {place}, {day}",
            "Nous vous attendons à {place} le {day} à {time}.",
            "{place} : nous vous attendons le {day} à {time}. En cas d'empêchement : {phone}.",
        ),
        "es": (
            "Recordatorio: su cita en {place}, {day}",
            "Le esperamos en {place} el {day} a las {time}.",
            "{place}: le esperamos el {day} a las {time}. Si no puede venir: {phone}.",
        ),
    },
}
STOP = {"en": "Stop: {stop}", "fr": "Stop : {stop}", "es": "Stop: {stop}"}
FIND_A_TIME, CHANGE = 2, 1


def texts():
    """Return (occasion, channel, language, subject, body) of every text."""
    for occasions, what_to_do in ((WINDOW, FIND_A_TIME), (APPOINTMENT, CHANGE)):
        for occasion, languages in occasions.items():
            for language, (subject, sentence, sms) in languages.items():
                frame = FRAME[language]
                to_do = frame[FIND_A_TIME if occasion == "cancelled" else what_to_do]
                parts = [frame[0], sentence, to_do, frame[4], frame[3]]
                yield occasion, "email", language, subject, "\n\n".join(parts)
                yield occasion, "sms", language, "", f"{sms}\n{STOP[language]}"


def write(apps, schema_editor):
    MessageText = apps.get_model("treatments", "MessageText")
    MessageText.objects.bulk_create(
        MessageText(occasion=occasion, channel=channel, language=language, subject=subject, body=body)
        for occasion, channel, language, subject, body in texts()
    )


class Migration(migrations.Migration):
    replaces = [("treatments", "0048_message_texts")]
    dependencies = [("treatments", "0009_aftercare_words")]

    operations = [migrations.RunPython(write, migrations.RunPython.noop)]
