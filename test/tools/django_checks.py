"""Django through the gateway: inspectdb, its view of the catalogs, and what its ORM sends."""

import io
import json
import sys
import uuid

import django
from django.conf import settings

said = json.load(sys.stdin)


def database(host, port, user, password, name):
    return {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": host,
        "PORT": port,
        "USER": user,
        "PASSWORD": password,
        "NAME": name,
        "OPTIONS": {"sslmode": "disable"},
    }


d = said["direct"]
settings.configure(
    DATABASES={
        "default": database(said["host"], said["port"], "agent", said["token"], "shop"),
        "writer": database(said["host"], said["port"], "agent", said["writer"], "shop"),
        "direct": database(d["host"], d["port"], d["user"], d["password"], d["database"]),
    },
    INSTALLED_APPS=[],
    USE_TZ=True,
    TIME_ZONE="Europe/Berlin",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

import checks  # noqa: E402
from checks import check, hides, same  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import DatabaseError, connections, models, transaction  # noqa: E402
from django.db.migrations.executor import MigrationExecutor  # noqa: E402
from django.db.models import Avg, Count, F, Max, OuterRef, Q, Subquery, Sum, Window  # noqa: E402
from django.db.models.functions import Coalesce, Rank, TruncMonth  # noqa: E402

for name, value in said.items():
    setattr(checks.handover, name, value)


class Customer(models.Model):
    reference = models.UUIDField(default=uuid.uuid4)
    name = models.TextField()
    email = models.TextField()
    phone = models.TextField(null=True)
    ssn = models.TextField(null=True)
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

    class Meta:
        app_label = "shop"
        managed = False
        db_table = "products"


@check("inspectdb writes the same models as without the gateway")
def _():
    written = []
    for alias in ["default", "direct"]:
        out = io.StringIO()
        call_command("inspectdb", database=alias, include_views=True, include_partitions=True, stdout=out)
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


@check("asks which migrations have run")
def _():
    executor = MigrationExecutor(connections["default"])
    same(executor.loader.applied_migrations, {})
    same(executor.migration_plan(executor.loader.graph.leaf_nodes()), [])


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
        Order.objects.using("writer").filter(id=order.id).delete()
        transaction.set_rollback(True, "writer")


@check("is told why a masked column does not filter, and goes on")
def _():
    try:
        list(Customer.objects.filter(ssn="x"))
        raise AssertionError("it was answered")
    except DatabaseError as error:
        assert "gatehouse: " in str(error), error
    same(Customer.objects.count(), 3)


checks.load = lambda: None
checks.run()
