"""An account for coins in the cooperative's own wallet, and charges for what members withdrew on the chain."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_channels")]

    operations = [
        migrations.AlterField(
            model_name="account",
            name="code",
            field=models.CharField(
                choices=[
                    ("receivable", "member receivable"),
                    ("payable", "member payable"),
                    ("energy_sales", "energy sales"),
                    ("fees", "standing charges"),
                    ("local_clearing", "local energy, from neighbours to neighbours"),
                    ("energy_purchases", "energy bought from producers for the public grid"),
                    ("incentives", "incentives"),
                    ("reminder_fees", "fees of reminders"),
                    ("arrears_interest", "interest on arrears"),
                    ("distributions", "shared out to producers and members"),
                    ("retained_earnings", "results carried forward"),
                    ("reserves", "reserves"),
                    ("member_shares", "members' shares"),
                    ("opening", "carried in from books before"),
                    ("withheld_tax", "tax withheld of dividends"),
                    ("exchange", "between currencies"),
                    ("vat", "VAT"),
                    ("input_vat", "input VAT"),
                    ("reverse_vat", "VAT owed as recipient"),
                    ("reverse_input_vat", "input VAT as recipient"),
                    ("vat_cost", "VAT that is not given back"),
                    ("bank", "bank"),
                    ("chain_wallet", "chain wallet"),
                    ("own_wallet", "the cooperative's own wallet"),
                    ("cash", "cash"),
                    ("mobile_money", "mobile money"),
                    ("card", "card provider"),
                    ("card_fees", "fees of card payments"),
                    ("suspense", "unclear money of the bank account"),
                    ("transit", "payouts on their way"),
                    ("bank_charges", "bank charges"),
                    ("return_fees", "fees of returned payments"),
                    ("rounding", "rounding"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="charge",
            name="kind",
            field=models.CharField(
                choices=[
                    ("return_fee", "fee of a returned payment"),
                    ("reminder_fee", "fee of a reminder"),
                    ("interest", "interest on arrears"),
                    ("claim", "paid out too much"),
                    ("withdrawn", "withdrawn on the chain"),
                ],
                max_length=16,
            ),
        ),
    ]
