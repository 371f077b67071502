"""Writing rows past `save` writes no history: where that is done, a line here says why none is missed."""

import ast

from clinic.bootstrap import BASE_DIR

NO_HISTORY = "has no history: "
ERASING = "takes a name out of the rows and of their history alike, behind the door that leaves an event"
THE_DEMO = "the past of a demo, which nobody lived"
# Which function of which module, and why.
ALLOWED = {
    "clinic/models/record.py save_over": "the version alone, and the record is saved right after, in one transaction",
    "clinic/models/backup_run.py finish": NO_HISTORY + "a run of the program's own",
    "clinic/backup/runs.py step": NO_HISTORY + "a run of the program's own",
    "patients/models/record_numbers.py hold": NO_HISTORY + "the series of record numbers",
    "patients/models/record_numbers.py take_many": NO_HISTORY + "the series of record numbers",
    "treatments/actions/preparations.py mix": NO_HISTORY + "what is in a preparation never changes",
    "treatments/actions/aftercare.py want_mail": NO_HISTORY + "a link",
    "treatments/actions/aftercare.py revoke": NO_HISTORY + "a link",
    "treatments/actions/outbox.py claim": NO_HISTORY + "a message, which has its acts",
    "treatments/actions/outbox.py _finish": NO_HISTORY + "a message, which has its acts",
    "treatments/actions/outbox.py give_up_on_cut_off": NO_HISTORY + "a message, which has its acts",
    "treatments/actions/reminders.py asked_again": NO_HISTORY + "a message, which has its acts",
    "treatments/views/feeds.py own_feed": NO_HISTORY + "a feed",
    "treatments/models/calendar_feed.py make": NO_HISTORY + "a feed",
    "treatments/models/working_copy.py close": NO_HISTORY + "what is typed and not saved",
    "treatments/models/photo.py claim": "columns that history leaves out: whose turn it is",
    "treatments/models/photo.py give_back": "columns that history leaves out: whose turn it is",
    "treatments/models/photo.py finish": "columns that history leaves out: what became of the file",
    "treatments/models/catalogue.py save": "copies of what the kind says, and the kind has its history",
    "clinic/actions/invitations.py send_invitation": NO_HISTORY + "an invitation",
    **{
        f"clinic/actions/letters.py {function}": NO_HISTORY + "a letter, and the link of an invitation"
        for function in ("_claim", "_finish", "_say_not_sent")
    },
    "clinic/models/letter.py end": NO_HISTORY + "a letter",
    "clinic/actions/invitations.py _withdraw": NO_HISTORY + "an invitation",
    "clinic/actions/sign_ins.py note_use": NO_HISTORY + "when a sign-in was used last",
    "clinic/actions/staff.py hold_admins": "writes what is there already, to hold a lock",
    "clinic/actions/switching.py withdraw_device": NO_HISTORY + "a shared device",
    "clinic/models/shared_device.py forgive": NO_HISTORY + "tries with a PIN",
    "clinic/models/shared_device.py take_try": NO_HISTORY + "tries with a PIN",
    "treatments/privacy/sweep.py forget_returned_addresses": NO_HISTORY + "what came back from an address",
    "patients/actions.py confirm_address": NO_HISTORY + "what came back from an address",
    "patients/models/dossier.py claim": NO_HISTORY + "a dossier being made",
    "patients/models/dossier.py finish": NO_HISTORY + "a dossier being made",
    "treatments/privacy/dossier.py expect": NO_HISTORY + "a dossier being made",
    "treatments/privacy/dossier.py add": NO_HISTORY + "a dossier being made",
    "treatments/privacy/sweep.py remove_dossiers": NO_HISTORY + "a dossier whose time is over",
    "treatments/views/privacy.py send": NO_HISTORY + "a dossier that was fetched",
    "treatments/privacy/sweep.py empty_messages": NO_HISTORY + "a message, which has its acts",
    "patients/models/erasure.py claim": NO_HISTORY + "an erasure whose turn it is",
    "treatments/actions/privacy.py begin_grace_anew": NO_HISTORY + "an erasure that waits in a restored clinic",
    "treatments/privacy/erasing.py begin": NO_HISTORY + "an erasure that has begun",
    **{
        f"treatments/privacy/erasing.py {function}": ERASING
        for function in (
            "_write",
            "blank",
            "blank_admin_log",
            "erase_rows",
            "forget_person",
            "forget_photos",
            "hold_apart",
        )
    },
    "treatments/forms/side_effect_care.py __init__": "a dictionary: what a form begins with",
    "treatments/demo/scoring.py _take": THE_DEMO,
    "treatments/demo/load.py react": THE_DEMO,
    "treatments/demo/load.py visit": THE_DEMO,
    "treatments/demo/stock.py stock": THE_DEMO,
}


def calls():
    """Yield where rows are written past `save`, as "module function"."""
    for app in ("clinic", "patients", "treatments"):
        for path in sorted((BASE_DIR / app).rglob("*.py")):
            if "migrations" in path.parts:
                continue
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for function in ast.walk(tree):
                if isinstance(function, ast.FunctionDef):
                    for call in ast.walk(function):
                        if is_past_save(call):
                            yield f"{path.relative_to(BASE_DIR)} {function.name}"


def is_past_save(node):
    """Say whether this may be a query set's call: with keywords alone, or a bulk one."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    if node.func.attr in {"bulk_update", "bulk_create"}:
        return True
    return node.func.attr == "update" and bool(node.keywords) and not node.args


def test_every_write_past_save_is_known_and_says_why_no_history_is_missed():
    assert sorted(set(calls())) == sorted(ALLOWED)
