//! Three machines and a balancer.

use std::net::SocketAddr;
use std::path::Path;

use check::server::free_port;

use crate::balancer::{Balancer, haproxy};
use crate::ground::{Ground, LabError};
use crate::machine::Machine;

/// What each machine is told: as in the unit of the lesson, with the address of this balancer.
const FLAGS: &str = "--workers 2 --keep-alive 75 --drain 1 --trust";

/// Everything that takes part, running.
pub struct Lab {
    /// The machines, in the order of their addresses.
    pub machines: [Machine; 3],
    /// What stands in front of them.
    pub balancer: Balancer,
    /// Where it stands.
    pub ground: Ground,
}

impl Lab {
    /// Builds it, with this binary of lesson 14 on each machine.
    pub fn build(ground: Ground, program: &Path) -> Result<Lab, LabError> {
        haproxy()?;
        ground.prepare()?;
        let flags = format!("{FLAGS} {}", ground.address(1));
        let machine = |name, number| Machine::new(name, ground, number, program.into(), &flags);
        let mut machines = [machine("one", 2)?, machine("two", 3)?, machine("three", 4)?];
        for machine in &mut machines {
            machine.start()?;
        }
        let door = SocketAddr::from((ground.address(1), free_port()?));
        let numbers = SocketAddr::from((ground.address(1), free_port()?));
        let addresses = machines.each_ref().map(Machine::address);
        let balancer = Balancer::start(door, numbers, addresses)?;
        Ok(Lab {
            machines,
            balancer,
            ground,
        })
    }
}
