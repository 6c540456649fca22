# MySQL's client: each login is a run of its own (`LoginProgram` in driver.ts).
host=$GATEHOUSE_HOST port=$GATEHOUSE_PORT ca=$GATEHOUSE_CA cert=$GATEHOUSE_CERT key=$GATEHOUSE_KEY
. "${0%/*}/mysql-logins.sh"

run() {
  case $way in
    bare) mysql --protocol=tcp --host="$host" --port="$port" --user="$user" "$target" ;;
    off) mysql --protocol=tcp --host="$host" --port="$port" --user="$user" --ssl-mode=DISABLED "$target" ;;
    clear) verified --default-auth=mysql_clear_password --enable-cleartext-plugin ;;
    certificate) certified ;;
    native) verified --default-auth=mysql_native_password ;;
    openid)
      MYSQL_PWD=''
      printf %s "$secret" >"$scratch/id-token"
      chmod 600 "$scratch/id-token"
      bearer --authentication-openid-connect-client-id-token-file="$scratch/id-token"
      ;;
    *) verified ;;
  esac
}

# shown: begin
verified() { # MYSQL_PWD=$secret
  mysql --protocol=tcp --host="$host" --port="$port" --user="$user" --ssl-mode=VERIFY_IDENTITY --ssl-ca="$ca" "$@" "$target"
}
# With the token in a file, which --authentication-openid-connect-client-id-token-file= names.
bearer() {
  verified --default-auth=authentication_openid_connect_client "$@"
}
# A client certificate, with any password.
certified() {
  verified --ssl-cert="$cert" --ssl-key="$key"
}
# shown: end

logins
