// A table: what columns are called that hold personal data, in the languages that schemas are written in.
import type { PersonalData } from './personal-data.ts'

/** How much a name says by itself. `weak` needs a table of people, or values that agree. */
export type NameStrength = 'strong' | 'fair' | 'weak'

/** One phrase that column names are made of; `kind` null: it means something else, whatever words are in it. */
export interface NamePhrase {
  readonly words: readonly string[]
  readonly kind: PersonalData | null
  readonly strength: NameStrength
}

const rows: readonly (readonly [PersonalData | null, NameStrength, string])[] = [
  [
    'email-addresses',
    'strong',
    'email;email address;mail address;courriel;adresse mail;adresse email;correo electronico;correo;mailadresse;emailadresse;e post;epost;posta elettronica',
  ],
  ['email-addresses', 'fair', 'mail;correo;reply to;cc email;bcc'],
  [
    'telephone-numbers',
    'strong',
    'phone;phone number;phone no;phone num;telephone;telephone number;mobile phone;mobile number;cell phone;cellphone;msisdn;telefon;telefonnummer;handynummer;mobilnummer;telefono;celular;telefone;telefoon;telefoonnummer;numero telephone;portable phone;whatsapp number;fax number;tel',
  ],
  ['telephone-numbers', 'fair', 'mobile;fax;handy;contact number;whatsapp;phones;movil;mobiel;tlf;tel no'],
  ['telephone-numbers', 'weak', 'cell'],
  [
    'social-security-numbers',
    'strong',
    'ssn;social security;social security number;social security no;social insurance number;national insurance number;nino;tax id;tax number;tax identification number;taxpayer id;itin;national id;national id number;national identity number;national identification number;personal identity number;personnummer;cpf;curp;dni;nif;nie;bsn;pesel;codice fiscale;steuernummer;steuer id;steuer identifikationsnummer;sozialversicherungsnummer;sv nummer;aadhaar;aadhar;aadhaar number;resident registration number;rrn;government id;government id number;nhs number;medicare number;securite sociale;numero securite sociale;fodselsnummer;cpr number;hkid;nric;burgerservicenummer;identification number;identification id;ssn id;insurance card number;tax file number;tfn',
  ],
  [
    'social-security-numbers',
    'fair',
    'tin;sin;id number;identity number;ssn last four;insurance number;cedula;rut;nir;nin;vat;vat id;vat number;tax vat',
  ],
  [
    'identity-documents',
    'strong',
    'passport;passport number;passport no;passport num;driver license;driver licence;drivers license;drivers licence;driver license number;drivers license number;driving licence;driving licence number;driving license;id card number;identity card number;identity card;personalausweisnummer;ausweisnummer;reisepassnummer;fuhrerschein;fuehrerschein;pasaporte;numero passeport;passeport;permis conduire;visa number;residence permit number;passport id',
  ],
  ['identity-documents', 'fair', 'license number;licence number;document number;id document;id card'],
  [
    'bank-accounts',
    'strong',
    'iban;iban number;bank account;bank account number;bank account no;account iban;kontonummer;bankverbindung;numero compte;cuenta bancaria;clabe',
  ],
  [
    'bank-accounts',
    'fair',
    'account number;account no;acct no;acct num;acct number;account num;acc number;acc no;acc num;numero cuenta;routing number',
  ],
  ['bank-accounts', 'weak', 'sort code;bsb'],
  [
    'card-numbers',
    'strong',
    'card number;card no;card num;credit card;credit card number;credit card no;credit card num;cc number;cc num;cc no;debit card number;debit card;payment card number;primary account number;kreditkarte;kreditkartennummer;kartennummer;numero tarjeta;tarjeta credito;numero carte;carte bancaire',
  ],
  ['card-numbers', 'fair', 'pan;card pan;cc;creditcard'],
  [
    'card-verification-codes',
    'strong',
    'cvv;cvc;cvv code;cvc code;card security code;card verification;card verification code;card verification value;card cvv',
  ],
  [
    'card-expiry-dates',
    'weak',
    'card expiry;card expire;card expires;card expires on;card exp;card exp date;card expiration;card expiration date;card expiry date;cc exp;cc expiry;cc exp month;cc exp year;card exp month;card exp year',
  ],
  [
    'names-of-people',
    'strong',
    'first name;last name;middle name;full name;surname;given name;family name;maiden name;mother maiden name;legal name;card holder;cardholder;cardholder name;card holder name;account holder;account holder name;customer name;employee name;patient name;contact name;person name;guest name;passenger name;student name;member name;recipient name;holder name;name on card;manager name;spouse name;father name;mother name;client name;subscriber name;applicant name;candidate name;beneficiary name;author name;parent name;driver name;doctor name;buyer name;seller name;signatory name;next of kin;ship name;bill name;ship to name;bill to name;emergency contact;emergency contact name;vorname;nachname;familienname;geburtsname;karteninhaber;kontoinhaber;prenom;nom famille;nom complet;apellido;apellidos;primer apellido;segundo apellido;nombre completo;nombre cliente;cognome;sobrenome;nome completo;voornaam;achternaam;fname;lname;mname;fornavn;etternavn;efternamn;fornamn',
  ],
  [
    'names-of-people',
    'fair',
    'first;forename;christian name;preferred name;shipping name;billing name;lastname first;attn;contact person;ansprechpartner;kin;witness;nombres;firstname lastname;signer;payee;payer name;payee name;recipient;beneficiary',
  ],
  ['names-of-people', 'weak', 'name;display name;nom;nombre;nome;naam;signature;initials;last;middle'],
  [
    'user-names',
    'weak',
    'user name;username;login;login name;nickname;screen name;handle;twitter handle;skype;screenname',
  ],
  [
    'birth-dates',
    'strong',
    'birth date;date of birth;dob;birthday;born on;date birth;born;born at;birth year;year of birth;geburtsdatum;geburtstag;date naissance;date de naissance;fecha nacimiento;fecha de nacimiento;data nascita;data di nascita;data nascimento;data de nascimento;geboortedatum;fodselsdato;birth dt;birthdt;bday',
  ],
  ['birth-dates', 'fair', 'birth;naissance;nacimiento;nascita;birth month;geboren;geboren am'],
  [
    'incomes',
    'strong',
    'salary;base salary;annual salary;wage;hourly wage;gross pay;net pay;base pay;take home pay;annual income;household income;monthly income;net worth;gehalt;jahresgehalt;lohn;bruttogehalt;salaire;salario;sueldo;stipendio;salaris;lonn;bonus amount;payslip;pay amount;credit score;fico;fico score',
  ],
  ['incomes', 'fair', 'income;hourly rate;pay rate;compensation;severance;commission amount'],
  ['incomes', 'weak', 'bonus;pay;earnings'],
  [
    'passwords-and-secrets',
    'strong',
    'password;passwd;pwd;pass hash;passwd hash;pwd hash;password hash;password digest;password salt;password encrypted;passphrase;passcode;secret;client secret;secret key;shared secret;webhook secret;app secret;totp secret;otp secret;mfa secret;two factor secret;api key;apikey;api token;api secret;access token;access key;refresh token;auth token;authentication token;session token;bearer token;id token;reset token;password reset token;reset password token;confirmation token;invite token;invitation token;remember token;verification token;csrf token;oauth token;push token;private key;signing key;encryption key;encryption secret;ssh key;recovery code;backup code;security answer;secret answer;credential;connection string;passwort;kennwort;kennwort hash;passwort hash;mot de passe;mot passe;mdp;contrasena;senha;wachtwoord;losenord;pin code;pin hash;encrypted password;hashed password;crypted password;password hint;db password;smtp password;token hash;rolpassword;activation key;activation token;activation code;unlock token;session data;login key',
  ],
  [
    'passwords-and-secrets',
    'fair',
    'token;pin;otp;dsn;license key;security code;credentials;auth;session key;jwt;cookie;otp code;verification code;pass',
  ],
  ['passwords-and-secrets', 'weak', 'salt;session id;clave;key hash;sid;auth data'],
  [
    'postal-addresses',
    'strong',
    'street address;home address;address line;billing address;shipping address;mailing address;residential address;delivery address;postal address;permanent address;street;street name;house number;street line;strasse;hausnummer;anschrift;adresse postale;direccion;calle;indirizzo;endereco;logradouro;straatnaam;huisnummer;gateadresse;home addr;residence;wohnort;adresse',
  ],
  [
    'postal-addresses',
    'fair',
    'address;addr;apartment;apt;apartment number;apt no;flat number;rue;rua;adres;birth place;place of birth;geburtsort',
  ],
  ['postal-codes', 'strong', 'zip code;postal code;postcode;plz;postleitzahl;code postal;codigo postal;cep;postnummer'],
  ['postal-codes', 'fair', 'zip'],
  [
    'coordinates',
    'fair',
    'latitude;longitude;gps;gps location;geolocation;geo location;coordinates;coords;gps coordinates;home location;last location;current location;spatial location',
  ],
  ['coordinates', 'weak', 'lat;lng;lon;long;geo;location;geom;position;breitengrad;langengrad'],
  [
    'network-addresses',
    'strong',
    'ip address;ip addr;client ip;remote ip;remote addr;remote address;user ip;login ip;source ip;last login ip;sign in ip;last sign in ip;current sign in ip;visitor ip;x forwarded for;forwarded for;last ip;adresse ip;direccion ip',
  ],
  ['network-addresses', 'fair', 'ip;ipv 4;ipv 6;ipaddr'],
  [
    'device-identifiers',
    'strong',
    'mac address;mac addr;imei;imsi;iccid;device id;device identifier;device fingerprint;browser fingerprint;advertising id;idfa;gaid;idfv;android id;udid;device serial;device token',
  ],
  ['device-identifiers', 'weak', 'user agent;serial number'],
  [
    'vehicle-numbers',
    'fair',
    'license plate;licence plate;number plate;plate number;plate no;kennzeichen;matricula;vin;vehicle identification number',
  ],
  [
    'health',
    'fair',
    'diagnosis;diagnoses;medical history;medical condition;medical record number;mrn;blood type;blood group;allergy;allergies;medication;medications;prescription;symptoms;disability;chronic condition;lab result;test result;treatment notes;clinical notes;hiv status;vaccination;diagnose;health condition;icd 10;icd 9',
  ],
  [
    'protected-traits',
    'fair',
    'ethnicity;ethnic group;religion;religious affiliation;sexual orientation;political affiliation;political party;union membership;criminal record;caste;konfession',
  ],
  [
    'protected-traits',
    'weak',
    'race;gender;sex;marital status;nationality;citizenship;pronouns;geschlecht;familienstand',
  ],
  [
    'pictures-and-biometrics',
    'fair',
    'fingerprint template;face encoding;face template;face embedding;face image;biometric;biometric data;biometric template;iris scan;retina scan;voice print;voiceprint;selfie;passport scan;id scan;mugshot;lichtbild',
  ],
  [
    'pictures-and-biometrics',
    'weak',
    'fingerprint;photo;picture;avatar;portrait;image;profile picture;profile photo;foto;signature image',
  ],
  // What is called alike, and is something else.
  [
    null,
    'strong',
    'wallet address;contract address;web address;memory address;multicast address;broadcast address;mail server;mail host;mail port;email template;email subject;email body;zip file;zip path;zip archive;public key;secret santa;token type;token count;token usage;token limit;social security office;phone model;phone os;phone brand;address book;card brand;card type;card game;pan id;street view;street light;birth rate;birth weight;salary band;salary grade;salary range;minimum wage;name space;pay grade;pay period;pay date;pay frequency;password policy;address format;address format id;cell value;cell count;cell index;cell type;mobile app;mobile version;location id;position id;token name;token symbol;token price;token amount;token address;token supply;pin count;street number format;secret name;key name;host name;file name;login attempts;login count;failed login attempts;race condition;race track;image url;last value;last number;last seq;first seen;last seen;last login;last run;last error;first value;first run;last page;middle page;company name;product name;street category;geo json schema;position name;sex ratio;health check;fingerprint algorithm;content fingerprint;file fingerprint;build fingerprint;query fingerprint;cert fingerprint;certificate fingerprint;key fingerprint;ssh fingerprint;git credential helper;name template;mail merge;mailbox size;name server;phone country;pass rate;pass count;pass through;pass mark;cookie consent;cookie policy;auth method;auth provider;auth type;signature version;signature algorithm;shipping method;delivery method;ip range;ip block;image name;image tag;image path;country of birth;state of birth;session data type;vat rate;vat amount;pass fail;boarding pass',
  ],
]

/** All phrases, longest first, so that `ip address` goes before `address`. */
export const NAME_PHRASES: readonly NamePhrase[] = rows
  .flatMap(([kind, strength, phrases]) =>
    phrases.split(';').map((phrase) => ({ words: phrase.split(' '), kind, strength })),
  )
  .toSorted((left, right) => right.words.length - left.words.length)

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/))

/** After a phrase these say that the column is about the thing, not the thing itself: `email_sent_at`, `phone_verified`. */
export const ABOUT_IT: ReadonlySet<string> = words(
  `at on date time timestamp ts verified confirmed validated valid invalid count cnt total enabled disabled status state type kind class category
format template templates version id ids uuid guid fk ref key sent opened clicked bounced bounce changed updated created expires expired expiry
expiration required optional preference preferences pref prefs setting settings policy provider domain server host port quota limit frequency
attempts attempt length len size strength score rank level rating flag opt optin optout allowed consent subscribed subscription unsubscribed
notification notifications reminder country prefix suffix extension ext area brand model os label title description mask pattern regex column
field table source method mode mailing campaign list queue log logs error errors reason currency band grade range min max avg sum average
percentage percent pct rate ratio index idx order position sort interval days hours minutes seconds year month locale language lang
timezone tz visibility public hidden visible usage used uses scheme algorithm algo issuer scope scopes url uri link path file css html width height
color colour icon group role permission permissions rule rules name names code codes last 4 digits tier plan review reviewed complete completed
by subject body thread verification auth book pool block network mask cidr asn calls call minutes message messages`,
)

/** After a phrase these leave it what it is: `email_2`, `ssn_encrypted`, `phone_home`. */
export const STILL_IT: ReadonlySet<string> = words(
  `hash hashed digest enc encrypted encryption cipher ciphertext raw plain plaintext text txt value val number no num nr numbers nummer numero old new
orig original primary secondary main home work office private personal business mobile alt alternate alternative other normalized normalised lower
clean cleaned backup current previous prev former line full complete street data string str iv tag tmp temp copy masked hmac bidx blind sha md5 sha256 sanitized sanitised phonetic cleansed hashed formatted display e164
1 2 3 5 6 7 8 9 10 one two three four i ii cliente usuario contact user customer client employee person patient member kunde de of the billing shipping
casa trabajo movil fixe casa gross net annual monthly yearly hourly base eur usd gbp kunden`,
)

/** Before a phrase these say that the column counts, asks or allows: `is_email`, `max_salary`. */
export const ASKED_ABOUT: ReadonlySet<string> = words(
  `is has have had can could may must should will was were does do did num count total max min avg sum send sends allow allows enable enables use uses
require requires required show hide shows wants want needs need notify skip prefer prefers preferred_by default sample example test dummy fake no not
valid invalid mean median per sms email_opt opt noreply`,
)

/** Whose table it is: a `name` there is the name of a person. Singular, in several languages. */
export const PEOPLE: ReadonlySet<string> = words(
  `customer user employee person people contact patient member client subscriber student applicant candidate staff driver guest lead profile donor
recipient beneficiary passenger owner doctor physician nurse teacher pupil parent child tenant resident buyer seller traveler traveller worker
contractor volunteer attendee participant visitor citizen voter player author reviewer admin administrator agent holder cardholder signatory
dependent spouse relative nominee borrower debtor claimant insured insuree witness suspect offender inmate kunde kunden mitarbeiter personen patienten
benutzer ansprechpartner utilisateur employe personne salarie cliente usuario empleado persona paciente utente dipendente persone funcionario
pessoa gebruiker klant medewerker`,
)

/** Ends of table names that do not change whose table it is: `users_archive`, `customer_profiles`. */
export const TABLE_ENDS: ReadonlySet<string> = words(
  `data info information detail profile record archive archived backup bak history hist old new copy tmp temp table tbl master main raw stage staging
import export account v t 2 1 3 2023 2024 2025 audit snapshot dim fact base`,
)

/** Tables of places and businesses: an address or telephone number there is hardly a person's. */
export const PLACES: ReadonlySet<string> = words(
  `warehouse store shop branch office location hotel restaurant venue airport station depot supplier vendor company organization organisation
merchant bank school hospital clinic city country region state server router switch host network node device service site facility plant event
stop port sensor building room property parcel territory zone area`,
)
