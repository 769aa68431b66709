"""Bills, credit documents and payments, each through the owner's scope."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    extend_schema,
    extend_schema_field,
    extend_schema_serializer,
    extend_schema_view,
)
from rest_framework import generics, serializers
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from billing.models import Document, DocumentKind, DocumentLine, DocumentVat, Payment
from billing.selectors.corrections import Correction, ExplainedLine, correction_of
from billing.selectors.documents import visible_documents
from billing.selectors.payments import visible_payments
from billing.services.looks import open_document
from billing.services.papers import pdf_of
from kernel.written import whole_number
from members.selectors.scope import user_of


class LineSerializer(serializers.ModelSerializer[DocumentLine]):
    """One line; amounts in minor units, quantities in Wh or days."""

    class Meta:
        model = DocumentLine
        fields = ("position", "component", "window", "quantity", "unit", "price", "net_minor", "vat_category", "vat_rate")


class VatSerializer(serializers.ModelSerializer[DocumentVat]):
    """What the lines of one VAT category (UNTDID 5305) and rate come to, and the tax on it."""

    class Meta:
        model = DocumentVat
        fields = ("category", "rate", "net_minor", "vat_minor", "reason")


class DocumentSerializer(serializers.ModelSerializer[Document]):
    """A bill or a credit document."""

    id = serializers.UUIDField(source="public_id")
    number = serializers.CharField(source="label")
    member = serializers.CharField(source="member.number")
    site = serializers.UUIDField(source="site.public_id")
    rest_minor = serializers.IntegerField()
    type_code = serializers.IntegerField(
        help_text="EN 16931: 380 a bill, 389 a self-billed credit, 381 and 261 what takes one of them back."
    )
    cancels = serializers.CharField(source="cancels.label", allow_null=True, default=None, help_text="The document that it takes back.")
    replaces = serializers.CharField(
        source="replaces.label", allow_null=True, default=None, help_text="The document in whose place it stands."
    )

    class Meta:
        model = Document
        fields: tuple[str, ...] = (
            "id",
            "number",
            "kind",
            "type_code",
            "status",
            "period",
            "member",
            "site",
            "currency",
            "first_day",
            "last_day",
            "issue_date",
            "due_date",
            "net_minor",
            "vat_minor",
            "gross_minor",
            "paid_minor",
            "rest_minor",
            "payment_reference",
            "cancels",
            "replaces",
        )


class ChangedLineSerializer(serializers.Serializer[ExplainedLine]):
    """A line that a correction changed: before, after, and why, in the member's language."""

    component = serializers.CharField(source="difference.line.component")
    window = serializers.CharField(source="difference.line.window")
    unit = serializers.CharField(source="difference.line.unit")
    old_quantity = serializers.IntegerField(source="difference.old_quantity")
    new_quantity = serializers.IntegerField(source="difference.new_quantity")
    old_price = serializers.DecimalField(14, 6, source="difference.old.price", allow_null=True, default=None)
    new_price = serializers.DecimalField(14, 6, source="difference.new.price", allow_null=True, default=None)
    difference_minor = serializers.IntegerField(source="difference.net_minor")
    why = serializers.CharField(source="sentence")


class CorrectionSerializer(serializers.Serializer[Correction]):
    """What a document takes back or takes the place of, and why."""

    old = serializers.CharField(source="old.label")
    reversal = serializers.CharField(source="reversal.label")
    new = serializers.CharField(source="new.label", allow_null=True, default=None)
    reasons = serializers.ListField(child=serializers.CharField())
    difference_minor = serializers.IntegerField(help_text="By how much the sum to pay, or to be paid, changes.")
    lines = ChangedLineSerializer(many=True)


class DocumentDetailSerializer(DocumentSerializer):
    """A document with its lines, and what it corrects where it does."""

    lines = LineSerializer(many=True)
    vat_sums = VatSerializer(many=True)
    correction = serializers.SerializerMethodField()

    class Meta(DocumentSerializer.Meta):
        fields = (*DocumentSerializer.Meta.fields, "lines", "vat_sums", "correction")

    @extend_schema_field(CorrectionSerializer(allow_null=True))
    def get_correction(self, document: Document) -> dict[str, Any] | None:
        found = correction_of(document)
        return CorrectionSerializer(found).data if found else None


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "a bank transfer",
            {
                "id": "01a20d40-0000-7703-a238-85580daa8a5e",
                "bill": "01a20d37-e455-7703-a238-85580daa8a5e",
                "rail": "bank",
                "amount_minor": 11875,
                "credit_minor": 0,
                "received_at": "2016-04-04T00:00:00Z",
            },
            response_only=True,
        )
    ]
)
class PaymentSerializer(serializers.ModelSerializer[Payment]):
    """A payment and the bill that its payer meant; `credit_minor` is what nothing has used up."""

    id = serializers.UUIDField(source="public_id")
    bill = serializers.UUIDField(source="document.public_id", allow_null=True, default=None)
    credit_minor = serializers.IntegerField()

    class Meta:
        model = Payment
        fields = ("id", "bill", "rail", "amount_minor", "credit_minor", "received_at")


BILL_EXAMPLE = OpenApiExample(
    "A settled bill",
    value={
        "id": "01a20d37-e455-7703-a238-85580daa8a5e",
        "number": "B-2016-000008",
        "kind": "bill",
        "type_code": 380,
        "status": "settled",
        "period": 201603,
        "member": "1087",
        "site": "01a20d31-aaaa-7703-a238-85580daa8a5e",
        "currency": "EUR",
        "first_day": "2016-03-01",
        "last_day": "2016-03-31",
        "issue_date": "2016-04-01",
        "due_date": "2016-04-15",
        "net_minor": 9979,
        "vat_minor": 1896,
        "gross_minor": 11875,
        "paid_minor": 11875,
        "rest_minor": 0,
        "payment_reference": "B2016000008",
        "cancels": None,
        "replaces": None,
    },
    response_only=True,
)


@extend_schema_view(
    get=extend_schema(
        summary="Bills and credit documents, newest first",
        parameters=[OpenApiParameter("kind", enum=DocumentKind.values), OpenApiParameter("period", int, description="YYYYMM")],
        examples=[BILL_EXAMPLE],
    )
)
class BillList(generics.ListAPIView[Document]):
    """What the user may see."""

    queryset = Document.objects.none()  # for the schema; rows come from the user's scope below
    serializer_class = DocumentSerializer

    def get_queryset(self) -> QuerySet[Document]:
        documents = visible_documents(user_of(self.request))
        kind, period = self.request.query_params.get("kind"), self.request.query_params.get("period")
        if kind:
            if kind not in DocumentKind.values:
                raise serializers.ValidationError({"kind": ["Choose bill, credit, bill_reversal or credit_reversal."]})
            documents = documents.filter(kind=kind)
        if period:
            month = whole_number(period) if len(period) == len("201603") else None
            if month is None:
                raise serializers.ValidationError({"period": ["Write the month as 201603."]})
            documents = documents.filter(period=month)
        return documents


def visible_document(request: Request, public_id: UUID) -> Document:
    """The document if the user may see it; a look by somebody else is written down."""
    try:
        return open_document(user=user_of(request), public_id=public_id, now=timezone.now())
    except Document.DoesNotExist:
        raise Http404 from None


@extend_schema_view(
    get=extend_schema(
        summary="One document with its lines",
        examples=[
            OpenApiExample(
                "A settled bill",
                value={
                    **BILL_EXAMPLE.value,
                    "lines": [
                        {
                            "position": 1,
                            "component": "standing",
                            "window": "",
                            "quantity": 31,
                            "unit": "day",
                            "price": "0.300000",
                            "net_minor": 930,
                            "vat_category": "S",
                            "vat_rate": "0.1900",
                        },
                        {
                            "position": 2,
                            "component": "grid",
                            "window": "base",
                            "quantity": 335148,
                            "unit": "Wh",
                            "price": "0.270000",
                            "net_minor": 9049,
                            "vat_category": "S",
                            "vat_rate": "0.1900",
                        },
                    ],
                    "correction": None,
                    "vat_sums": [{"category": "S", "rate": "0.1900", "net_minor": 9979, "vat_minor": 1896, "reason": ""}],
                },
                response_only=True,
            )
        ],
    )
)
class BillDetail(generics.RetrieveAPIView[Document]):
    """One document."""

    serializer_class = DocumentDetailSerializer

    def get_object(self) -> Document:
        return visible_document(self.request, self.kwargs["public_id"])


class PdfRenderer(BaseRenderer):
    """Lets a client ask for application/pdf; errors stay problems."""

    media_type = "application/pdf"
    format = "pdf"

    def render(self, data: Any, *args: Any, **kwargs: Any) -> bytes:
        return JSONRenderer().render(data)


class BillPdf(APIView):
    """One document as PDF."""

    renderer_classes = (PdfRenderer, JSONRenderer)

    @extend_schema(summary="One document as PDF", responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request: Request, public_id: Any) -> FileResponse | HttpResponse:
        document = visible_document(request, public_id)
        path = pdf_of(document=document)
        return FileResponse(path.open("rb"), content_type="application/pdf", filename=f"{document.label}.pdf")


@extend_schema_view(get=extend_schema(summary="Payments, newest first"))
class PaymentList(generics.ListAPIView[Payment]):
    """Payments of members whom the user may see."""

    queryset = Payment.objects.none()  # for the schema; rows come from the user's scope below
    serializer_class = PaymentSerializer

    def get_queryset(self) -> QuerySet[Payment]:
        return visible_payments(user_of(self.request)).select_related("document").order_by("-received_at", "-pk")
