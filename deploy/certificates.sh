# The certificates by which the silos of a cluster know each other, made with openssl. Sourced by make-secrets and renew-certificates, never run.
# One authority, made for this cluster alone: whoever has a certificate of it is a member. All silos share one certificate, since all of them may do the same.
#   silo-authority       the authority, and those before it that are still trusted; for silos
#   silo-authority-key   its key: for whoever makes certificates. No silo needs it, and nothing mounts it.
#   silo-certificate     the silos' certificate
#   silo-key             its key
AUTHORITY_DAYS=3650 CERTIFICATE_DAYS="${CERTIFICATE_DAYS:-365}"

# put NAME MODE: what comes in, under that name. A file that is there is written over and not exchanged: what is mounted from it shows the change.
put() {
  [ ! -e "$folder/$1" ] || chmod u+w "$folder/$1"
  cat >"$folder/$1"
  chmod "$2" "$folder/$1"
}

# make_authority WORK: into two files of that folder
make_authority() {
  openssl ecparam -name prime256v1 -genkey -noout -out "$1/authority.key"
  printf '%s\n' '[req]' 'distinguished_name=name' 'x509_extensions=authority' 'prompt=no' '[name]' "CN=winnow silos $(openssl rand -hex 4)" '[authority]' \
    'basicConstraints=critical,CA:true,pathlen:0' 'keyUsage=critical,keyCertSign,cRLSign' 'subjectKeyIdentifier=hash' >"$1/authority.cnf"
  openssl req -x509 -new -sha256 -key "$1/authority.key" -days "$AUTHORITY_DAYS" -config "$1/authority.cnf" -out "$1/authority.crt"
}

# make_certificate WORK: signed by the authority in $folder, into two files of that folder
make_certificate() {
  openssl ecparam -name prime256v1 -genkey -noout -out "$1/silo.key"
  openssl req -new -sha256 -key "$1/silo.key" -subj "/CN=winnow silo" -out "$1/silo.csr"
  printf '%s\n' 'basicConstraints=critical,CA:false' 'keyUsage=critical,digitalSignature' 'extendedKeyUsage=serverAuth,clientAuth' \
    'subjectAltName=DNS:silo.winnow.internal' 'authorityKeyIdentifier=keyid' >"$1/silo.ext"
  openssl x509 -req -sha256 -in "$1/silo.csr" -CA "$folder/silo-authority" -CAkey "$folder/silo-authority-key" -set_serial "0x$(openssl rand -hex 16)" \
    -days "$CERTIFICATE_DAYS" -extfile "$1/silo.ext" -out "$1/silo.crt" 2>/dev/null
}

# issue_certificate: a new certificate and key for the silos. The certificate first: a silo takes neither before both fit, and keeps what it has.
issue_certificate() {
  local work; work=$(mktemp -d)
  make_certificate "$work"
  put silo-certificate 444 <"$work/silo.crt"
  put silo-key 444 <"$work/silo.key"
  rm -rf "$work"
}

# issue_authority: a new authority, before those that are there: silos trust all of them until the old ones are taken out
issue_authority() {
  local work; work=$(mktemp -d)
  make_authority "$work"
  [ ! -s "$folder/silo-authority" ] || cat "$folder/silo-authority" >>"$work/authority.crt"
  put silo-authority-key 400 <"$work/authority.key"
  put silo-authority 444 <"$work/authority.crt"
  rm -rf "$work"
}
