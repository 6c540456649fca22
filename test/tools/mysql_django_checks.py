"""Django on PyMySQL through the gateway: inspectdb, its migrations, and what its ORM sends."""

import io
import json
import sys
import uuid

import checks
import django
import pymysql
from checks import check, hides, same
from django.conf import settings

for name, value in json.load(sys.stdin).items():
    setattr(checks.handover, name, value)

from mysql_ways import received_nothing_hidden, tls  # noqa: E402

# As PyMySQL's manual has it; Django looks for the version of another driver.
pymysql.version_info = (2, 2, 7, "final", 0)
pymysql.install_as_MySQLdb()


def database(host, port, user, password, options):
    return {
        "ENGINE": "django.db.backends.mysql",
        "HOST": host,
        "PORT": port,
        "USER": user,
        "PASSWORD": password,
        "NAME": checks.handover.direct["database"],
        "OPTIONS": options,
    }


def through(token):
    return database(checks.handover.host, checks.handover.port, "agent", token, tls())


d = checks.handover.direct
settings.configure(
    DATABASES={
        "default": through(checks.handover.token),
        "writer": through(checks.handover.writer),
        "migrator": through(checks.handover.migrator),
        "direct": database(d["host"], d["port"], d["user"], d["password"], {}),
    },
    INSTALLED_APPS=["django.contrib.contenttypes"],
    USE_TZ=True,
    TIME_ZONE="UTC",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import DatabaseError, connections, models, transaction  # noqa: E402
from django.db.migrations.executor import MigrationExecutor  # noqa: E402
from django.db.models import Avg, Count, F, Max, OuterRef, Q, Subquery, Sum, Window  # noqa: E402
from django.db.models.functions import Coalesce, Rank, TruncMonth  # noqa: E402


class Customer(models.Model):
    reference = models.CharField(max_length=36, default=uuid.uuid4)
    name = models.TextField()
    email = models.TextField()
    phone = models.TextField(null=True)
    ssn = models.TextField(null=True)
    tags = models.JSONField(default=list)
    preferences = models.JSONField(default=dict)
    signed_up_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "shop"
        managed = False
        db_table = "customers"


class Order(models.Model):
    customer = models.ForeignKey(Customer, models.DO_NOTHING, related_name="orders")
    status = models.TextField(default="new")
    placed_at = models.DateTimeField(auto_now_add=True)
    note = models.TextField(null=True)

    class Meta:
        app_label = "shop"
        managed = False
        db_table = "orders"


class Product(models.Model):
    sku = models.TextField()
    name = models.TextField()
    category = models.TextField()
    price = models.DecimalField(max_digits=10, decimal_places=2)
    in_stock = models.IntegerField(default=0)
    attributes = models.JSONField(default=dict)
    tags = models.JSONField(default=list)

    class Meta:
        app_label = "shop"
        managed = False
        db_table = "products"


@check("inspectdb writes the same models as without the gateway")
def _():
    written = []
    for alias in ["default", "direct"]:
        out = io.StringIO()
        call_command("inspectdb", database=alias, include_views=True, stdout=out)
        written.append(out.getvalue())
    assert "class Customers" in written[0], written[0][:500]
    assert "Unable to inspect" not in written[0], written[0]
    same(written[0], written[1])


@check("finds the same constraints, relations and sequences as without the gateway")
def _():
    found = []
    for alias in ["default", "direct"]:
        connection = connections[alias]
        with connection.cursor() as cursor:
            look = connection.introspection
            tables = sorted(table.name for table in look.get_table_list(cursor) if table.type == "t")
            found.append([(t, look.get_constraints(cursor, t), look.get_relations(cursor, t), look.get_sequences(cursor, t), look.get_table_description(cursor, t)) for t in tables])
    same(found[0], found[1])


def refused(action):
    try:
        action()
    except DatabaseError as error:
        assert "gatehouse: " in str(error.__cause__ or error), error
        return
    raise AssertionError("it was answered")


@check("migrates where the policy lets it, there and back, and is refused where not")
def _():
    def migrate(alias, *more):
        call_command("migrate", *more, database=alias, verbosity=0)

    refused(lambda: migrate("writer"))
    migrate("migrator")
    with connections["migrator"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_content_type")
        assert cursor.fetchone()[0] > 0
    executor = MigrationExecutor(connections["default"])
    same(executor.migration_plan(executor.loader.graph.leaf_nodes()), [])
    migrate("migrator", "contenttypes", "zero")
    assert "django_content_type" not in connections["migrator"].introspection.table_names()


@check("reads objects with their relations, masked")
def _():
    customers = list(Customer.objects.order_by("id").prefetch_related("orders"))
    same([(c.email, c.orders.count()) for c in customers], [("[redacted]", 2), ("[redacted]", 1), ("[redacted]", 0)])
    hides([(c.email, c.ssn, c.phone) for c in customers])
    orders = Order.objects.select_related("customer").filter(status__in=["paid", "new"])
    same([(o.id, o.customer.email) for o in orders], [(2, "[redacted]")])
    same(Customer.objects.filter(Q(preferences__news=True) | Q(id=3)).count(), 2)
    same(list(Customer.objects.values_list("id", flat=True).exclude(id__in=Order.objects.values("customer_id"))), [3])
    same(Customer.objects.filter(id=1).exists(), True)
    same(sorted(Customer.objects.in_bulk([1, 2])), [1, 2])
    hides(list(Customer.objects.values("id", "email", "ssn")))
    hides(list(Customer.objects.annotate(shown=Coalesce("phone", models.Value("none", output_field=models.TextField()))).values("shown")))
    hides(list(Customer.objects.iterator(chunk_size=1)))


@check("aggregates, annotates and windows what is not masked")
def _():
    same(Product.objects.aggregate(Avg("price"), Max("price"), Sum("in_stock"))["in_stock__sum"], 48)
    months = Order.objects.annotate(month=TruncMonth("placed_at")).values("month").annotate(n=Count("id")).order_by("month")
    same([row["n"] for row in months], [1, 2])
    newest = Order.objects.filter(customer=OuterRef("pk")).order_by("-placed_at").values("id")[:1]
    same(list(Customer.objects.annotate(newest=Subquery(newest)).order_by("id").values_list("newest", flat=True)), [2, 3, None])
    ranked = Product.objects.annotate(rank=Window(Rank(), partition_by="category", order_by=F("price").desc()))
    same(sorted(p.rank for p in ranked), [1, 1, 2])
    same(Product.objects.filter(attributes__origin="JP", name__icontains="TEA").count(), 1)


def write_by_phone():
    # In a savepoint: Django itself sends nothing more in a transaction that met an error.
    with transaction.atomic("writer"):
        Customer.objects.using("writer").filter(phone="1").update(name="x")


@check("creates, changes and deletes in transactions and savepoints")
def _():
    with transaction.atomic("writer"):
        order = Order.objects.using("writer").create(customer_id=1, note="one")
        assert order.id, order
        Product.objects.using("writer").bulk_create([Product(sku=f"NEW-{n}", name="New", category="tea", price=n) for n in range(3)])
        same(Order.objects.using("writer").filter(id=order.id).update(status="paid", note="paid at last"), 1)
        with transaction.atomic("writer"):
            customer = Customer.objects.using("writer").create(name="New", email="new@mail.example")
        customer.refresh_from_db()
        same(customer.email, "[redacted]")
        same(Order.objects.using("writer").select_for_update().get(id=order.id).status, "paid")
        product, made = Product.objects.using("writer").get_or_create(sku="TEA-1", defaults={"name": "x", "category": "x", "price": 1})
        same(made, False)
        Product.objects.using("writer").bulk_create([Product(sku="TEA-1", name="x", category="x", price=9)], update_conflicts=True, update_fields=["price"])
        same(Product.objects.using("writer").get(sku="TEA-1").price, 9)
        refused(write_by_phone)
        Order.objects.using("writer").filter(id=order.id).delete()
        transaction.set_rollback(True, "writer")


@check("is told why a masked column does not filter and no table is dropped, and goes on")
def _():
    refused(lambda: list(Customer.objects.filter(ssn="x")))
    with connections["writer"].schema_editor() as editor:
        refused(lambda: editor.delete_model(Order))
    same(Customer.objects.count(), 3)


check("was given no masked value, in any byte")(received_nothing_hidden)

checks.load = lambda: None
checks.run()
