"""The aftercare texts and the patients' words a clinic starts with, in English, French and Spanish.

An admin edits them. What is said of durations stands with the kinds; sources in docs/glossary.md.
"""

from django.db import migrations

# code: English, French, Spanish. Only what a person can see or feel without a name for it. The urgent ones are not
# offered, since danger signs are asked for by themselves; these words ask whether one that is known is still there.
KINDS = {
    "burning": ("Burning", "Sensation de brûlure", "Ardor"),
    "discomfort": ("Discomfort", "Gêne", "Molestia"),
    "heaviness": ("Heavy feeling", "Sensation de lourdeur", "Pesadez"),
    "pain": ("Soreness or pain", "Douleur", "Dolor"),
    "erythema": ("Redness", "Rougeur", "Enrojecimiento"),
    "swelling": ("Swelling", "Gonflement", "Hinchazón"),
    "bruising": ("Bruise", "Bleu", "Moretón"),
    "pruritus": ("Itching", "Démangeaisons", "Picor"),
    "warmth": ("Warm skin", "Peau chaude", "Piel caliente"),
    "numbness": ("Numb skin", "Peau insensible", "Piel dormida"),
    "discolouration": ("Change of skin colour", "Changement de couleur de la peau", "Cambio de color de la piel"),
    "papules": ("Small lumps", "Petites boules", "Bultitos"),
    "induration": ("Hard area", "Zone dure", "Zona dura"),
    "nodule": ("A lump", "Une boule", "Un bulto"),
    "urticaria": ("Itchy weals", "Plaques qui démangent", "Ronchas con picor"),
    "systemic_mild": (
        "Nausea, diarrhoea, dizziness or headache",
        "Nausées, diarrhée, vertiges ou mal de tête",
        "Náuseas, diarrea, mareo o dolor de cabeza",
    ),
    "menstrual": (
        "Bleeding between periods",
        "Saignements entre les règles",
        "Sangrado entre reglas",
    ),
    "other": ("Something else", "Autre chose", "Otra cosa"),
    "anaphylaxis": (
        "Hard to breathe, or a swelling of the face",
        "Difficulté à respirer, ou visage gonflé",
        "Dificultad para respirar, o cara hinchada",
    ),
    "infection": (
        "Redness that spreads, or a fever",
        "Rougeur qui s'étend, ou fièvre",
        "Enrojecimiento que se extiende, o fiebre",
    ),
    "abscess": ("Pus or liquid", "Pus ou liquide", "Pus o líquido"),
    "ntm": ("A new or growing lump", "Une boule nouvelle ou qui grossit", "Un bulto nuevo o que crece"),
    "necrosis": (
        "Skin that is white, blue or black",
        "Peau blanche, bleue ou noire",
        "Piel blanca, azul o negra",
    ),
}

# code: English, French, Spanish
AREAS = {
    "buttock-left": ("Left buttock", "Fesse gauche", "Glúteo izquierdo"),
    "buttock-right": ("Right buttock", "Fesse droite", "Glúteo derecho"),
    "thigh-front-left": ("Left thigh, front", "Cuisse gauche, devant", "Muslo izquierdo, delante"),
    "thigh-front-right": ("Right thigh, front", "Cuisse droite, devant", "Muslo derecho, delante"),
    "thigh-inner-left": ("Left thigh, inside", "Cuisse gauche, intérieur", "Muslo izquierdo, por dentro"),
    "thigh-inner-right": ("Right thigh, inside", "Cuisse droite, intérieur", "Muslo derecho, por dentro"),
    "thigh-back-left": ("Left thigh, back", "Cuisse gauche, derrière", "Muslo izquierdo, detrás"),
    "thigh-back-right": ("Right thigh, back", "Cuisse droite, derrière", "Muslo derecho, detrás"),
    "hip-left": ("Left hip", "Hanche gauche", "Cadera izquierda"),
    "hip-right": ("Right hip", "Hanche droite", "Cadera derecha"),
    "flank-left": ("Left side of the waist", "Côté gauche de la taille", "Lado izquierdo de la cintura"),
    "flank-right": ("Right side of the waist", "Côté droit de la taille", "Lado derecho de la cintura"),
    "abdomen": ("Belly", "Ventre", "Vientre"),
    "knee-left": ("Left knee", "Genou gauche", "Rodilla izquierda"),
    "knee-right": ("Right knee", "Genou droit", "Rodilla derecha"),
    "upper-arm-left": ("Left upper arm", "Haut du bras gauche", "Parte alta del brazo izquierdo"),
    "upper-arm-right": ("Right upper arm", "Haut du bras droit", "Parte alta del brazo derecho"),
    "lower-back": ("Lower back", "Bas du dos", "Parte baja de la espalda"),
    "face": ("Face", "Visage", "Cara"),
    "neck": ("Neck", "Cou", "Cuello"),
    "nape": ("Back of the neck", "Nuque", "Nuca"),
    "scalp": ("Scalp", "Cuir chevelu", "Cuero cabelludo"),
}

TEXTS = {
    "en": (
        "Leave the treated skin alone today: no rubbing, no massage, no make-up or cream on it until tomorrow.\n\n"
        "A shower is fine after some hours. No hot bath, sauna, swimming pool or sun on the treated skin for two days.\n\n"
        "Walking is fine, and so is work. Leave hard exercise until the day after tomorrow.\n\n"
        "Cool a swelling with a cloth between the ice and the skin, ten minutes at a time. Drink enough water.\n\n"
        "Ask the clinic before you take anything against pain other than paracetamol.",
        "Call the emergency number at once: 112 in Europe, 911 in the United States and Canada.",
    ),
    "fr": (
        "Laissez la peau traitée tranquille aujourd'hui : ni frottement, ni massage, ni maquillage, ni crème avant "
        "demain.\n\n"
        "Une douche est possible après quelques heures. Ni bain chaud, ni sauna, ni piscine, ni soleil sur la peau "
        "traitée pendant deux jours.\n\n"
        "Vous pouvez marcher et travailler. Attendez après-demain pour le sport intense.\n\n"
        "Pour calmer un gonflement, posez du froid avec un linge entre la glace et la peau, dix minutes à la fois. "
        "Buvez assez d'eau.\n\n"
        "Demandez à la clinique avant de prendre contre la douleur autre chose que du paracétamol.",
        "Appelez tout de suite les secours : 112 en Europe, 911 aux États-Unis et au Canada.",
    ),
    "es": (
        "Deje tranquila hoy la piel tratada: sin frotar, sin masajes y sin maquillaje ni cremas hasta mañana.\n\n"
        "Puede ducharse pasadas unas horas. Durante dos días, nada de baño caliente, sauna, piscina ni sol en la piel "
        "tratada.\n\n"
        "Puede caminar y trabajar. Deje el ejercicio intenso para pasado mañana.\n\n"
        "Para bajar una hinchazón, ponga frío con un paño entre el hielo y la piel, diez minutos cada vez. Beba "
        "suficiente agua.\n\n"
        "Pregunte a la clínica antes de tomar para el dolor algo que no sea paracetamol.",
        "Llame de inmediato al número de emergencias: 112 en Europa, 911 en Estados Unidos y Canadá.",
    ),
}
LANGUAGES = ("en", "fr", "es")


def load(apps, schema_editor):
    alias = schema_editor.connection.alias
    words, texts, kinds, areas = (
        apps.get_model("treatments", name).objects.using(alias)
        for name in ["PatientWords", "AftercareText", "SideEffectKind", "TreatmentArea"]
    )
    for rows, said, field in ((kinds.all(), KINDS, "kind"), (areas.all(), AREAS, "area")):
        for row in rows:
            for language, phrase in zip(LANGUAGES, said.get(row.code, ()), strict=False):
                words.create(language=language, words=phrase, **{field: row})
    for language, (body, emergency) in TEXTS.items():
        texts.create(language=language, body=spaced(body, language), emergency=spaced(emergency, language))


def spaced(text, language):
    """Keep a French colon with the word before it."""
    return text.replace(" :", "\N{NO-BREAK SPACE}:") if language == "fr" else text


def unload(apps, schema_editor):
    alias = schema_editor.connection.alias
    for name in ["PatientWords", "AftercareText"]:
        apps.get_model("treatments", name).objects.using(alias).all().delete()


class Migration(migrations.Migration):
    replaces = [("treatments", "0045_aftercare_words")]
    dependencies = [("treatments", "0008_usual_reactions")]

    operations = [migrations.RunPython(load, unload)]
