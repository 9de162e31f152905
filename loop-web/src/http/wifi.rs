//! Networks without a cable.

use axum::extract::State;
use axum::http::StatusCode;
use loop_proto::wifi::{AttemptId, Course, Join, JoinFault, Passphrase, Ssid, WifiState};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{ObjectBuilder, Required, Type};
use utoipa::{IntoParams, ToSchema};

use super::App;
use super::error::{ApiError, ApiResult, Enveloped, done, tell};
use super::extract::{ApiJson, PathText, invalid_parameter};
use super::openapi::refusals::{Hardware, Joining, Parameter as Strict, Radio, Unjoined, Unknown};
use crate::hw::{Away, LinkState};
use crate::view::{Envelope, NetworkInReach, Nothing, Wifi};

/// All that is known of networks: the one that is joined, those in reach, those that are saved.
#[utoipa::path(get, path = "/api/wifi", tag = "wifi", operation_id = "wifi",
    responses((status = 200, description = "As it is now; nothing is looked for.", body = Envelope<Wifi>), Hardware))]
pub(crate) async fn wifi(State(app): State<App>) -> Enveloped<Wifi> {
    match app.link.state() {
        LinkState::Connected(snapshot) => tell(Wifi::new(&snapshot.wifi)),
        LinkState::Away(reason) => Err(Away::from(reason).into()),
    }
}

/// Networks in reach.
#[derive(Serialize, ToSchema)]
pub(crate) struct Scanned {
    networks: Vec<NetworkInReach>,
}

/// Looks for networks. What was seen less than ten seconds ago is told again.
#[utoipa::path(get, path = "/api/wifi/scan", tag = "wifi", operation_id = "wifi_scan",
    responses((status = 200, description = "Those in reach, the strongest first.", body = Envelope<Scanned>), Radio))]
pub(crate) async fn scan(State(app): State<App>) -> Enveloped<Scanned> {
    let networks = app.link.client()?.scan_wifi().await?;
    tell(Scanned {
        networks: networks.iter().map(NetworkInReach::of).collect(),
    })
}

/// Which network to join: one of `ssid` and `id` names it.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Connect {
    /// Its name, if that is text: 1 to 32 bytes.
    #[schema(min_length = 1, max_length = 32)]
    ssid: Option<String>,
    /// Its name as hexadecimal digits.
    #[schema(pattern = "^([0-9a-fA-F]{2}){1,32}$")]
    id: Option<String>,
    /// 8 to 63 characters, or a key of 64 hexadecimal digits. Without one, or with none in it, the network is open or saved.
    #[schema(value_type = Option<String>)]
    password: Option<Secret>,
    /// Whether the network does not tell its name.
    #[serde(default)]
    hidden: bool,
}

/// A text that no message repeats.
struct Secret(String);

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match Value::deserialize(from)? {
            Value::String(text) => Ok(Self(text)),
            _ => Err(D::Error::custom("a password is text")),
        }
    }
}

impl Connect {
    fn join(self) -> Result<Join, ApiError> {
        let field = |name, fault: &dyn std::fmt::Display| ApiError::field(name, &fault.to_string());
        let ssid = match (self.ssid, self.id) {
            (Some(ssid), None) => ssid.parse().map_err(|fault| field("ssid", &fault)),
            (None, Some(id)) => Ssid::from_id(&id).map_err(|fault| field("id", &fault)),
            _ => Err(field("ssid", &"one of `ssid` and `id` names the network")),
        };
        let password = self.password.map(|secret| secret.0);
        let password = password.filter(|password| !password.is_empty());
        let passphrase = password.map(Passphrase::try_from).transpose();
        Ok(Join {
            ssid: ssid?,
            passphrase: passphrase.map_err(|fault| field("password", &fault))?,
            hidden: self.hidden,
        })
    }
}

/// Joins a network; when it cannot be joined, everything is as it was before. Answered when it is over. How it goes is told
/// as it goes, by `GET /api/wifi` and in the room `wifi` of the WebSocket.
#[utoipa::path(post, path = "/api/wifi/connect", tag = "wifi", operation_id = "wifi_connect", request_body = Connect,
    responses((status = 200, description = "It is joined, and saved.", body = Envelope<Nothing>), ApiJson<Connect>, Joining))]
pub(crate) async fn connect(
    State(app): State<App>,
    ApiJson(request): ApiJson<Connect>,
) -> Enveloped<Nothing> {
    let join = request.join()?;
    let ssid = join.ssid.clone();
    let id = app.link.client()?.join_wifi(join).await?;
    match outcome(&app, id).await? {
        Ok(()) => done(format!("Connected to {ssid}"), Nothing),
        Err(fault) => Err(not_joined(fault)),
    }
}

/// Waits for the end of an attempt.
async fn outcome(app: &App, id: AttemptId) -> ApiResult<Result<(), JoinFault>> {
    let mut states = app.link.watch();
    let is_over = |state: &LinkState| {
        let wifi = state.snapshot().map(|snapshot| &snapshot.wifi);
        wifi.is_none_or(|wifi| ended(wifi, id).is_some())
    };
    match states.wait_for(is_over).await.as_deref() {
        Ok(LinkState::Connected(snapshot)) => {
            Ok(ended(&snapshot.wifi, id).unwrap_or(Err(JoinFault::Interrupted)))
        }
        Ok(LinkState::Away(reason)) => Err(Away::from(reason.clone()).into()),
        Err(_) => Err(ApiError::busy("LOOP is stopping")),
    }
}

/// What has come of an attempt; `None` while it goes on, or is not told yet.
fn ended(wifi: &WifiState, id: AttemptId) -> Option<Result<(), JoinFault>> {
    let attempt = wifi.attempt.as_ref()?;
    match attempt.course {
        // Of an earlier one nothing is known any more when it comes to that.
        _ if attempt.id > id => Some(Err(JoinFault::Interrupted)),
        _ if attempt.id < id => None,
        Course::Trying(_) => None,
        Course::Succeeded => Some(Ok(())),
        Course::Failed(fault) => Some(Err(fault)),
    }
}

fn not_joined(fault: JoinFault) -> ApiError {
    let conflict = |code| ApiError::new(StatusCode::CONFLICT, code, fault.sentence());
    match fault {
        JoinFault::WrongPassword | JoinFault::PasswordNeeded | JoinFault::NoPasswordTaken => {
            ApiError::field("password", fault.sentence())
        }
        JoinFault::NotInReach => ApiError::not_found(fault.sentence()),
        JoinFault::NotSupported => ApiError::field("ssid", fault.sentence()),
        JoinFault::NoAnswer => conflict("WIFI_NO_ANSWER"),
        JoinFault::NoAddress => conflict("WIFI_NO_ADDRESS"),
        JoinFault::TimedOut => conflict("WIFI_TIMED_OUT"),
        JoinFault::Interrupted => conflict("WIFI_INTERRUPTED"),
        JoinFault::Refused => conflict("WIFI_REFUSED"),
    }
}

/// Leaves the network that is joined, and stays away from all until one is asked for.
#[utoipa::path(post, path = "/api/wifi/disconnect", tag = "wifi", operation_id = "wifi_disconnect",
    responses((status = 200, description = "None is joined.", body = Envelope<Nothing>), Radio))]
pub(crate) async fn disconnect(State(app): State<App>) -> Enveloped<Nothing> {
    app.link.client()?.leave_wifi().await?;
    done("Disconnected", Nothing)
}

/// The network that will be joined again.
#[derive(Serialize, ToSchema)]
pub(crate) struct Configured {
    configured_ssid: String,
}

/// Sees to it that the network that is joined is joined again after a restart. One that was joined by this interface is.
#[utoipa::path(post, path = "/api/wifi/save-current", tag = "wifi", operation_id = "wifi_save_current",
    responses((status = 200, description = "It will be.", body = Envelope<Configured>), Unjoined))]
pub(crate) async fn save_current(State(app): State<App>) -> Enveloped<Configured> {
    let kept = app.link.client()?.keep_wifi().await;
    let ssid = kept.map_err(|error| match ApiError::from(error) {
        // As the original has it.
        error if error.code() == "NOT_FOUND" => {
            let message = error.message().to_owned();
            ApiError::new(StatusCode::BAD_REQUEST, "NOT_CONNECTED", message)
        }
        error => error,
    })?;
    let configured_ssid = ssid.shown();
    done(
        format!("Saved {configured_ssid}"),
        Configured { configured_ssid },
    )
}

/// The network in the path.
pub(crate) struct NetworkId;

impl IntoParams for NetworkId {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let id = ParameterBuilder::new().name("id");
        let id = id.parameter_in(ParameterIn::Path).required(Required::True);
        let id = id.description(Some("The network's name as hexadecimal digits."));
        let digits = ObjectBuilder::new().schema_type(Type::String);
        let digits = digits.pattern(Some("^([0-9a-fA-F]{2}){1,32}$"));
        vec![id.schema(Some(digits.build())).build()]
    }
}

/// Forgets how to join a network, and leaves it.
#[utoipa::path(delete, path = "/api/wifi/saved/{id}", tag = "wifi", operation_id = "wifi_forget", params(NetworkId),
    responses((status = 200, description = "It is forgotten.", body = Envelope<Nothing>), Strict, Unknown, Radio))]
pub(crate) async fn forget(
    State(app): State<App>,
    PathText(id): PathText<String>,
) -> Enveloped<Nothing> {
    let ssid = Ssid::from_id(&id).map_err(|fault| invalid_parameter(fault.to_string()))?;
    app.link.client()?.forget_wifi(ssid.clone()).await?;
    done(format!("Forgot {ssid}"), Nothing)
}
