# MariaDB's client: each login is a run of its own (`LoginProgram` in driver.ts).
host=$GATEHOUSE_HOST port=$GATEHOUSE_PORT ca=$GATEHOUSE_CA cert=$GATEHOUSE_CERT key=$GATEHOUSE_KEY
. "${0%/*}/mysql-logins.sh"

run() {
  case $way in
    bare) mariadb --protocol=tcp --host="$host" --port="$port" --user="$user" "$target" ;;
    off) mariadb --protocol=tcp --host="$host" --port="$port" --user="$user" --skip-ssl "$target" ;;
    clear) verified --default-auth=mysql_clear_password ;;
    certificate) certified ;;
    native) verified --default-auth=mysql_native_password ;;
    *) verified ;;
  esac
}

# shown: begin
verified() { # MYSQL_PWD=$secret
  mariadb --protocol=tcp --host="$host" --port="$port" --user="$user" --ssl-verify-server-cert --ssl-ca="$ca" "$@" "$target"
}
# A client certificate, with any password.
certified() {
  verified --ssl-cert="$cert" --ssl-key="$key"
}
# shown: end

logins
