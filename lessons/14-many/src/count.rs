//! A number that all machines share.

// ANCHOR: count
use std::net::SocketAddr;
use std::process;
use std::sync::{Mutex, PoisonError};

use lesson03::{AppError, Application, Body, Environ, StartResponse};
use serde_json::json;

use crate::resp::{PATIENCE, Redis, RedisError, Reply};

/// `/count`: POST adds one, GET looks.
pub struct Count {
    address: SocketAddr,
    /// Connections that nobody uses at the moment. There are never more than threads.
    idle: Mutex<Vec<Redis>>,
}

/// Where Redis keeps it.
const KEY: &str = "lesson14:count";

impl Count {
    /// A count in the Redis at `address`.
    pub fn new(address: SocketAddr) -> Count {
        Count {
            address,
            idle: Mutex::default(),
        }
    }

    /// Asks once, and not again: if an answer is lost, nobody knows whether one was added.
    fn ask(&self, words: &[&str]) -> Result<Reply, RedisError> {
        let lock = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = lock().pop();
        let mut redis = match idle {
            Some(redis) => redis,
            None => Redis::connect(self.address, PATIENCE)?,
        };
        let reply = redis.ask(words);
        match reply {
            Err(RedisError::Lost(_) | RedisError::Nonsense(_)) => lock().clear(),
            _ => lock().push(redis),
        }
        reply
    }
}

impl Application for Count {
    fn respond(
        &self,
        environ: &mut Environ<'_>,
        start_response: StartResponse<'_, '_>,
    ) -> Result<Body, AppError> {
        let adds = environ.get("REQUEST_METHOD").as_deref() == Some("POST");
        let reply = match adds {
            true => self.ask(&["INCR", KEY]),
            false => self.ask(&["GET", KEY]),
        };
        let count = match &reply {
            Ok(Reply::Number(count)) => Ok(*count),
            Ok(Reply::Text(text)) => Ok(text.parse()?),
            Ok(_) => Ok(0), // Nobody has counted yet.
            Err(error) => Err(error),
        };
        let plain = ("Content-Type", "text/plain; charset=utf-8");
        let json = ("Content-Type", "application/json");
        match count {
            Ok(count) => {
                start_response.begin("200 OK", &[json, ("Cache-Control", "no-store")])?;
                let answer = json!({"count": count, "pid": process::id()});
                Ok(format!("{answer}\n").into())
            }
            Err(error) => {
                let again = ("Retry-After", "1");
                start_response.begin("503 Service Unavailable", &[plain, again])?;
                Ok(format!("503 Service Unavailable: {error}\n").into())
            }
        }
    }
}
// ANCHOR_END: count
