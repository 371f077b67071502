"""Files of patients from another system, and what an import of one says."""

from patients.imports.run import PatientImport

HEAD = "mrn,given,family,birth_date,gender,phone\n"
AMARA = "A1,Amara,Okonkwo,1988-02-02,female,415 555 0182\n"
LEILA = "A2,Leila,Haddad,1980-03-12,F,415 555 0111\n"


def writer(folder):
    """Return what writes a file into the folder."""

    def write(text, *, encoding="utf-8", name="patients.csv"):
        path = folder / name
        path.write_bytes(text.encode(encoding))
        return path

    return write


def take(path, **options):
    return PatientImport(path, **options).run(write=True)


def reasons(report):
    return [(problem.line, problem.column, problem.reason) for problem in report.problems]
