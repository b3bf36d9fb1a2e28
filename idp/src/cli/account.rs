//! `idp account …`: for the first accounts of an installation, and for emergencies.

use std::io::Read;

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use serde_json::Value;

use crate::app::App;
use crate::domain::credit_code::CreditCode;
use crate::domain::document_type::DocumentType;
use crate::domain::identity_document::IdentityDocument;
use crate::domain::login_name::LoginName;
use crate::domain::password::PasswordPolicy;
use crate::domain::person_name::PersonName;
use crate::domain::phone::Phone;
use crate::domain::principal::{AccountKind, LegalEntity, Operator, Person, Principal, StoredDocument};
use crate::domain::profile::Profile;
use crate::domain::timestamp::Timestamp;
use crate::domain::unit_name::UnitName;
use crate::guard::identifiers::Identifier;
use crate::guard::sessions;
use crate::platform::random;
use crate::store::{account_changes, accounts, is_duplicate, operators, principals, profiles};

#[derive(Subcommand)]
pub enum Command {
    /// Add an account; its first password is read from standard input.
    #[command(
        subcommand,
        after_help = "Examples:\n  idp account add person --login-name liying2026 --name 李颖 < password.txt"
    )]
    Add(Add),
    /// The standard claims of a person beside name, document and telephone: nickname, picture, e-mail address …
    #[command(
        subcommand,
        after_help = "Examples:\n  idp account profile show --person liying2026\n  idp account profile set --person liying2026 < claims.json"
    )]
    Profile(ProfileCommand),
    /// Disable an account, and of a unit its operators too: sessions and tokens end at once.
    #[command(
        after_help = "Examples:\n  idp account disable --unit 91220101TEXT00017E\n  idp account disable --person liying2026\n  idp account disable --unit 91220101TEXT00017E --operator 15400000002"
    )]
    Disable {
        /// 法人账号 or 统一社会信用代码
        #[arg(long, required_unless_present = "person")]
        unit: Option<String>,
        /// The unit's operator, by telephone or ID number.
        #[arg(long, requires = "unit")]
        operator: Option<String>,
        /// A person's account name, telephone or ID number.
        #[arg(long, conflicts_with = "unit")]
        person: Option<String>,
    },
}

#[derive(Subcommand)]
pub enum ProfileCommand {
    /// Replace them by a JSON object (OpenID Connect Core section 5.1) that is read from standard input; `{}` removes them.
    #[command(
        after_help = "Examples:\n  echo '{\"nickname\":\"小颖\",\"email\":\"liying@people.example\",\"email_verified\":false}' \\\n    | idp account profile set --person liying2026\n  echo '{}' | idp account profile set --person liying2026"
    )]
    Set {
        /// A person's account name, telephone or ID number.
        #[arg(long)]
        person: String,
    },
    /// Print them.
    #[command(after_help = "Examples:\n  idp account profile show --person liying2026")]
    Show {
        /// A person's account name, telephone or ID number.
        #[arg(long)]
        person: String,
    },
}

#[derive(Subcommand)]
pub enum Add {
    /// 法人
    #[command(
        after_help = "Examples:\n  idp account add legal-entity --login-name xinyue0221 --credit-code 91220101TEXT00017E --name 某公司 < password.txt"
    )]
    LegalEntity {
        #[arg(long)]
        login_name: String,
        #[arg(long)]
        credit_code: String,
        #[arg(long)]
        name: String,
        /// 法定代表人姓名
        #[arg(long)]
        representative: Option<String>,
        #[arg(long)]
        phone: Option<String>,
    },
    /// 个人
    #[command(
        after_help = "Examples:\n  idp account add person --login-name liying2026 --name 李颖 --id-number 220102199001010009 --phone 19400000003 < password.txt"
    )]
    Person {
        #[arg(long)]
        login_name: String,
        #[arg(long)]
        name: String,
        #[arg(long)]
        id_number: Option<String>,
        #[arg(long)]
        phone: Option<String>,
    },
    /// 经办人
    #[command(
        after_help = "Examples:\n  idp account add operator --unit 91220101TEXT00017E --name 张伟 --id-number 220302200002290002 --phone 19400000001 < password.txt"
    )]
    Operator {
        #[arg(long)]
        unit: String,
        #[arg(long)]
        name: String,
        #[arg(long)]
        id_number: String,
        #[arg(long)]
        phone: String,
        #[arg(long, default_value = "")]
        department: String,
        /// May manage the unit's other operators.
        #[arg(long)]
        manager: bool,
    },
}

/// # Errors
/// When the database fails, or a value can't be used.
pub async fn run(app: &App, command: Command) -> Result<()> {
    match command {
        Command::Add(add) => {
            let id = insert(app, add).await?;
            println!("account {id} added");
        }
        Command::Profile(ProfileCommand::Set { person }) => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).context("the claims are read from standard input")?;
            set_profile(app, &find_person(app, &person).await?, &Profile::parse(&text)?).await?;
            println!("the claims are set");
        }
        Command::Profile(ProfileCommand::Show { person }) => {
            let person = find_person(app, &person).await?;
            println!("{}", serde_json::to_string_pretty(person.profile.claims())?);
        }
        Command::Disable { unit, operator, person } => {
            let identifier = match (unit, operator, person) {
                (Some(unit), Some(operator), _) => Identifier::operator(&unit, &operator),
                (Some(unit), None, _) => Identifier::legal_entity(&unit),
                (None, _, Some(person)) => Identifier::person(&person),
                (None, _, None) => bail!("say --unit or --person"),
            };
            let account = identifier.find(app).await?.context("there is no such account")?;
            let ended = sessions::disable_account(app, &account.account_id).await?;
            println!("{ended} accounts disabled");
        }
    }
    Ok(())
}

async fn find_person(app: &App, typed: &str) -> Result<Person> {
    let account = Identifier::person(typed).find(app).await?.context("there is no such account")?;
    match principals::find(&app.store, &app.vault, &account.account_id).await? {
        Some(Principal::Person(person)) => Ok(person),
        _ => bail!("there is no such account"),
    }
}

async fn set_profile(app: &App, person: &Person, profile: &Profile) -> Result<()> {
    let now = app.clock.now();
    let before = Value::Object(person.profile.claims().clone());
    let after = Value::Object(profile.claims().clone());
    let change = account_changes::Change {
        account_id: &person.id,
        kind: "profile",
        actor_id: "administrator",
        before: Some(&before),
        after: Some(&after),
    };
    let mut tx = app.store.begin().await?;
    profiles::put(&mut tx, &app.vault, &person.id, profile, now).await?;
    account_changes::insert(&mut tx, &app.vault, &change, now).await?;
    tx.commit().await?;
    Ok(())
}

async fn insert(app: &App, add: Add) -> Result<String> {
    let mut password = String::new();
    std::io::stdin().read_to_string(&mut password).context("the password is read from standard input")?;
    let password = password.trim_end_matches(['\r', '\n']);
    PasswordPolicy::MANUAL_RESET.check(password, &[])?;
    let hash = app.hasher.hash(password).await??;
    let now = app.clock.now();
    let id = random::id();
    let phone = |text: Option<String>| -> Result<Option<String>> {
        Ok(text.map(|text| Phone::parse(&text)).transpose()?.map(|phone| phone.as_str().to_owned()))
    };
    let document = |number: &str| -> Result<StoredDocument> {
        let document = IdentityDocument::parse(DocumentType::ResidentId, number, now.china_date())?;
        Ok(StoredDocument {
            type_code: DocumentType::ResidentId.code().to_owned(),
            number: document.number().to_owned(),
        })
    };
    // Looked up before the transaction: in it, a second connection may never come.
    let unit_id = match &add {
        Add::Operator { unit, .. } => {
            let unit = Identifier::legal_entity(unit).find(app).await?.context("there is no such unit")?;
            unit.account_id
        }
        Add::LegalEntity { .. } | Add::Person { .. } => String::new(),
    };
    let mut tx = app.store.begin().await?;
    let result = match add {
        Add::LegalEntity { login_name, credit_code, name, representative, phone: bound } => {
            let code = CreditCode::parse(&credit_code)?;
            let unit = LegalEntity {
                id: id.clone(),
                login_name: LoginName::parse(&login_name)?.as_str().to_owned(),
                credit_code: code.as_str().to_owned(),
                name: UnitName::parse(&name)?.as_str().to_owned(),
                entity_type: code.default_entity_type(),
                representative_name: representative
                    .map(|name| PersonName::parse(&name))
                    .transpose()?
                    .map(|name| name.as_str().to_owned()),
                representative_document: None,
                representative_validity: None,
                representative_changed_at: None,
                phone: phone(bound)?,
            };
            accounts::insert(&mut tx, &id, AccountKind::LegalEntity, Some(&hash), 1, now).await?;
            principals::insert_legal_entity(&mut tx, &app.vault, &unit).await
        }
        Add::Person { login_name, name, id_number, phone: bound } => {
            let person = Person {
                id: id.clone(),
                login_name: LoginName::parse(&login_name)?.as_str().to_owned(),
                name: PersonName::parse(&name)?.as_str().to_owned(),
                document: id_number.as_deref().map(document).transpose()?,
                document_validity: None,
                phone: phone(bound)?,
                profile: Profile::default(),
            };
            accounts::insert(&mut tx, &id, AccountKind::Person, Some(&hash), 1, now).await?;
            principals::insert_person(&mut tx, &app.vault, &person).await
        }
        Add::Operator { unit: _, name, id_number, phone: bound, department, manager } => {
            let operator = Operator {
                id: id.clone(),
                name: PersonName::parse(&name)?.as_str().to_owned(),
                document: document(&id_number)?,
                phone: Phone::parse(&bound)?.as_str().to_owned(),
                department,
                may_manage: manager,
                valid_from: Timestamp::from_millis(now.millis()),
                valid_until: None,
                frozen: false,
            };
            accounts::insert(&mut tx, &id, AccountKind::Operator, Some(&hash), 1, now).await?;
            operators::insert(&mut tx, &app.vault, &unit_id, &operator, now).await
        }
    };
    result.map_err(|error| {
        match error.chain().any(|cause| cause.downcast_ref::<sqlx::Error>().is_some_and(is_duplicate)) {
            true => anyhow::anyhow!("the name, code, telephone or document is taken"),
            false => error,
        }
    })?;
    tx.commit().await?;
    Ok(id)
}
