import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Scanner;

/** What Metabase, DBeaver and other tools on JDBC ask when they read a schema, through the gateway and without it. */
public class JdbcMetadataChecks {
  static final Map<String, String> handover = new HashMap<>();

  interface Body {
    void run() throws Exception;
  }

  interface Question {
    ResultSet ask(DatabaseMetaData of) throws SQLException;
  }

  static void check(String promise, Body body) {
    String detail = "";
    try {
      body.run();
    } catch (Throwable error) {
      StringWriter trace = new StringWriter();
      error.printStackTrace(new PrintWriter(trace));
      detail = trace.toString().lines().limit(12).reduce("", (a, b) -> a + b + "\n");
    }
    System.out.println("{\"check\":" + json(promise) + ",\"ok\":" + detail.isEmpty() + ",\"detail\":" + json(detail) + "}");
    System.out.flush();
  }

  static String json(String text) {
    StringBuilder out = new StringBuilder("\"");
    for (char c : text.toCharArray())
      if (c == '"' || c == '\\') out.append('\\').append(c);
      else if (c < ' ') out.append(String.format("\\u%04x", (int) c));
      else out.append(c);
    return out.append('"').toString();
  }

  static Connection connect(String host, String port, String database, String user, String password) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", user);
    properties.setProperty("password", password);
    properties.setProperty("sslmode", "disable");
    return DriverManager.getConnection("jdbc:postgresql://" + host + ":" + port + "/" + database, properties);
  }

  static Connection through() throws SQLException {
    return connect(handover.get("host"), handover.get("port"), "shop", "agent", handover.get("token"));
  }

  static Connection direct() throws SQLException {
    return connect(handover.get("direct.host"), handover.get("direct.port"), handover.get("direct.database"),
        handover.get("direct.user"), handover.get("direct.password"));
  }

  static List<String> rows(ResultSet result) throws SQLException {
    List<String> rows = new ArrayList<>();
    while (result.next()) {
      StringBuilder row = new StringBuilder();
      for (int column = 1; column <= result.getMetaData().getColumnCount(); column++)
        row.append(result.getString(column)).append('|');
      rows.add(row.toString());
    }
    return rows;
  }

  /** The same answer both ways, but for what the database is called. */
  static void same(String what, Question question) throws SQLException {
    try (Connection one = through(); Connection other = direct()) {
      List<String> found = rows(question.ask(one.getMetaData()));
      List<String> wanted = rows(question.ask(other.getMetaData()));
      String name = handover.get("direct.database");
      wanted.replaceAll(row -> row.replace(name, "shop"));
      found.replaceAll(row -> row.replace(name, "shop"));
      if (!found.equals(wanted)) throw new AssertionError(what + ": found " + found + "\nwanted " + wanted);
    }
  }

  static void hides(Object shown) {
    for (String value : handover.get("hidden").split("\n"))
      if (shown.toString().contains(value)) throw new AssertionError(value + " was shown");
  }

  public static void main(String[] arguments) {
    Scanner in = new Scanner(System.in, StandardCharsets.UTF_8);
    while (in.hasNextLine()) {
      String[] parts = in.nextLine().split("\t", 2);
      handover.put(parts[0], new String(Base64.getDecoder().decode(parts[1]), StandardCharsets.UTF_8));
    }
    check("lists catalogs, schemas, tables and columns as without the gateway", () -> {
      same("catalogs", of -> of.getCatalogs());
      same("schemas", of -> of.getSchemas());
      same("table types", of -> of.getTableTypes());
      same("tables", of -> of.getTables(null, null, "%", null));
      same("tables of a kind", of -> of.getTables(null, "public", "%", new String[] {"TABLE", "VIEW", "MATERIALIZED VIEW", "PARTITIONED TABLE"}));
      same("columns", of -> of.getColumns(null, "public", "%", "%"));
      same("columns of the catalogs", of -> of.getColumns(null, "pg_catalog", "pg_cl%", "%"));
    });
    check("lists keys and indexes as without the gateway", () -> {
      for (String table : new String[] {"customers", "orders", "order_items", "payments", "visits"}) {
        same("primary keys of " + table, of -> of.getPrimaryKeys(null, "public", table));
        same("imported keys of " + table, of -> of.getImportedKeys(null, "public", table));
        same("exported keys of " + table, of -> of.getExportedKeys(null, "public", table));
        same("indexes of " + table, of -> of.getIndexInfo(null, "public", table, false, true));
        same("row identifiers of " + table, of -> of.getBestRowIdentifier(null, "public", table, DatabaseMetaData.bestRowSession, true));
        same("version columns of " + table, of -> of.getVersionColumns(null, "public", table));
        same("privileges of " + table, of -> of.getTablePrivileges(null, "public", table));
        same("column privileges of " + table, of -> of.getColumnPrivileges(null, "public", table, "%"));
      }
      same("cross references", of -> of.getCrossReference(null, "public", "customers", null, "public", "orders"));
    });
    check("lists types, functions and procedures as without the gateway", () -> {
      same("types", of -> of.getTypeInfo());
      same("user types", of -> of.getUDTs(null, null, "%", null));
      same("functions", of -> of.getFunctions(null, "public", "%"));
      same("function columns", of -> of.getFunctionColumns(null, "public", "%", "%"));
      same("procedures", of -> of.getProcedures(null, "public", "%"));
      same("procedure columns", of -> of.getProcedureColumns(null, "public", "%", "%"));
      same("client information", of -> of.getClientInfoProperties());
    });
    check("samples every table as a sync does, masked", () -> {
      try (Connection connection = through()) {
        connection.setReadOnly(true);
        connection.setAutoCommit(false);
        ResultSet tables = connection.getMetaData().getTables(null, "public", "%", new String[] {"TABLE", "VIEW"});
        int seen = 0;
        while (tables.next()) {
          String sql = "SELECT * FROM \"public\".\"" + tables.getString("TABLE_NAME") + "\" LIMIT 100";
          try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setFetchSize(2);
            hides(rows(statement.executeQuery()));
            seen++;
          }
        }
        if (seen < 10) throw new AssertionError("only " + seen + " tables");
        connection.rollback();
      }
    });
  }
}
