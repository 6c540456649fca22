import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Base64;
import java.util.Properties;

/** JDBC's drivers: attempts in, outcomes out (LoginProgram in driver.ts). The argument: the driver's scheme. */
public class JdbcLogin {
  static final String HOST = System.getenv("GATEHOUSE_HOST");
  static final String PORT = System.getenv("GATEHOUSE_PORT");
  static final String CA = System.getenv("GATEHOUSE_CA");

  static final Path SHOWN = shown();

  record Place(String way, String target, String user, String secret) {}

  public static void main(String[] arguments) throws Exception {
    var input = new BufferedReader(new InputStreamReader(System.in));
    for (String line; (line = input.readLine()) != null; ) {
      var fields = line.split("\t", -1);
      var place = new Place(fields[0], fields[1], fields[2], fields[3]);
      var properties = new Properties();
      properties.put("user", place.user);
      properties.put("password", place.secret);
      var url =
          switch (arguments[0]) {
            case "postgresql" -> pgjdbc(place, properties);
            case "mariadb" -> mariadb(place, properties);
            default -> mysql(place, properties);
          };
      try (var connection = DriverManager.getConnection(url, properties)) {
        say(place, "in", value(connection, "SELECT ssn FROM people WHERE id = 1"), refusal(connection, arguments[0]));
      } catch (SQLException error) {
        say(place, "out", "", told(error, arguments[0]));
      }
    }
  }

  static String pgjdbc(Place place, Properties properties) {
    // shown: begin postgresql
    var url = "jdbc:postgresql://" + HOST + ":" + PORT + "/" + place.target;
    var verified = url + "?sslmode=verify-full&sslrootcert=" + CA;
    // For a session credential, besides: only SCRAM-SHA-256-PLUS will do (42.7).
    var bound = verified + "&channelBinding=require";
    // A client certificate, and an empty password: openssl pkcs12 -export -in agent.crt -inkey agent.key -out agent.p12 -passout pass:changeit
    var certified = verified + "&sslkey=" + SHOWN + "&sslpassword=changeit";
    // shown: end
    if (place.way.equals("certificate")) return certified;
    if (place.way.equals("scram")) properties.put("channelBinding", "disable");
    if (place.way.equals("off")) return url + "?sslmode=disable";
    return place.way.equals("bare") ? url : place.way.equals("scram-plus") ? bound : verified;
  }

  static String mariadb(Place place, Properties properties) {
    // shown: begin mariadb
    var url = "jdbc:mariadb://" + HOST + ":" + PORT + "/" + place.target;
    var verified = url + "?sslMode=verify-full&serverSslCert=" + CA;
    // A client certificate, and an empty password: openssl pkcs12 -export -in agent.crt -inkey agent.key -out agent.p12 -passout pass:changeit
    var certified = verified + "&keyStoreType=PKCS12&keyStorePassword=changeit&keyStore=" + SHOWN;
    // shown: end
    if (place.way.equals("certificate")) return certified;
    if (place.way.equals("off")) return url + "?sslMode=disable";
    return place.way.equals("bare") ? url : verified;
  }

  static String mysql(Place place, Properties properties) throws Exception {
    var store = trusted();
    // shown: begin mysql
    // The authority in a key store: keytool -importcert -noprompt -file ca.crt -keystore ca.p12 -storetype PKCS12 -storepass changeit
    var url = "jdbc:mysql://" + HOST + ":" + PORT + "/" + place.target;
    var verified = url + "?sslMode=VERIFY_IDENTITY&trustCertificateKeyStoreType=PKCS12&trustCertificateKeyStorePassword=changeit"
        + "&trustCertificateKeyStoreUrl=" + store.toUri();
    // A client certificate, and an empty password: openssl pkcs12 -export -in agent.crt -inkey agent.key -out agent.p12 -passout pass:changeit
    var certified = verified + "&clientCertificateKeyStoreType=PKCS12&clientCertificateKeyStorePassword=changeit"
        + "&clientCertificateKeyStoreUrl=" + SHOWN.toUri();
    // shown: end
    if (place.way.equals("certificate")) return certified;
    if (place.way.equals("off")) return url + "?sslMode=DISABLED";
    return place.way.equals("bare") ? url : verified;
  }

  /** The authority's certificate as keytool would keep it. */
  static Path trusted() throws Exception {
    var store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setCertificateEntry("gateway", certificate(CA));
    return kept(store);
  }

  /** The client's certificate and its key, as openssl would keep them. */
  static Path shown() {
    try {
      var pem = Files.readString(Path.of(System.getenv("GATEHOUSE_KEY"))).replaceAll("-----[A-Z ]+-----|\\s", "");
      var key = KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem)));
      var store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setKeyEntry("user", key, "changeit".toCharArray(), new Certificate[] {certificate(System.getenv("GATEHOUSE_CERT"))});
      return kept(store);
    } catch (Exception error) {
      throw new IllegalStateException(error);
    }
  }

  static Certificate certificate(String file) throws Exception {
    try (var stream = Files.newInputStream(Path.of(file))) {
      return CertificateFactory.getInstance("X.509").generateCertificate(stream);
    }
  }

  static Path kept(KeyStore store) throws Exception {
    var kept = Files.createTempFile("gatehouse", ".p12");
    kept.toFile().deleteOnExit();
    try (var out = Files.newOutputStream(kept)) {
      store.store(out, "changeit".toCharArray());
    }
    return kept;
  }

  static String value(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getString(1);
    }
  }

  static String refusal(Connection connection, String scheme) {
    try (Statement statement = connection.createStatement()) {
      statement.execute("DROP TABLE people");
      return "\tnothing was refused";
    } catch (SQLException error) {
      return told(error, scheme);
    }
  }

  static String told(SQLException error, String scheme) {
    var code = scheme.equals("postgresql") ? error.getSQLState() : String.valueOf(error.getErrorCode());
    return code + "\t" + String.valueOf(error.getMessage()).replaceAll("\\s+", " ");
  }

  static void say(Place place, String how, String value, String rest) {
    System.out.println(String.join("\t", place.way, place.target, how, value, rest));
  }
}
