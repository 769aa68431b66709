"""Posted documents take no further lines, and what is printed on them stays too."""

from django.db import migrations

GUARDS = """
CREATE FUNCTION keep_posted_documents_whole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    posted bigint;
BEGIN
    SELECT d.id INTO posted FROM added JOIN billing_document d ON d.id = added.document_id
    WHERE d.number IS NOT NULL LIMIT 1;
    IF posted IS NOT NULL THEN
        RAISE EXCEPTION 'A posted document takes no further line (document %)', posted;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER no_lines_after_posting AFTER INSERT ON billing_documentline
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION keep_posted_documents_whole();
CREATE TRIGGER no_lines_moved_to_posted AFTER UPDATE ON billing_documentline
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION keep_posted_documents_whole();

CREATE FUNCTION keep_what_is_printed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.public_id, NEW.cooperative_id, NEW.vat_rate, NEW.payment_reference)
        IS DISTINCT FROM (OLD.public_id, OLD.cooperative_id, OLD.vat_rate, OLD.payment_reference) THEN
        RAISE EXCEPTION 'A posted document cannot change; issue a correction (%)', OLD.label;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER printed_words_stay BEFORE UPDATE ON billing_document
    FOR EACH ROW WHEN (OLD.number IS NOT NULL) EXECUTE FUNCTION keep_what_is_printed();
"""

UNDO = """
DROP TRIGGER printed_words_stay ON billing_document;
DROP FUNCTION keep_what_is_printed();
DROP TRIGGER no_lines_moved_to_posted ON billing_documentline;
DROP TRIGGER no_lines_after_posting ON billing_documentline;
DROP FUNCTION keep_posted_documents_whole();
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_books_that_stay")]

    operations = [migrations.RunSQL(GUARDS, UNDO)]
