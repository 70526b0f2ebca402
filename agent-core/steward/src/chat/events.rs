//! What an event of the core changes on the screen. Nothing that comes moves what is being read or written.

use std::time::Instant;

use agent_core::report::Report;
use agent_core::{Event, Op, UnderWay};

use super::explorer;
use super::layout::Focus;
use super::model::{Model, Money};
use super::pane::Pane;
use super::positions::portfolio_rows;
use super::text::{event_rows, under_way_rows};

impl Model {
    pub(super) fn event(&mut self, event: Event, now: Instant) -> Option<Op> {
        match &event {
            // The user's own words were shown when they were sent.
            Event::Heard { .. } => return None,
            Event::Drafted { .. } => self.busy = Some("planning"),
            Event::Started { plan_id } => {
                if self.panel.as_ref().is_some_and(|panel| panel.report.plan_id == *plan_id) {
                    self.close_panel();
                }
                self.busy = Some("executing");
                self.resumable = Some(plan_id.clone());
            }
            Event::StepSettled { .. } => self.close_money(),
            Event::Planned { report } => {
                self.busy = None;
                self.notify(format!("plan {} needs an answer", report.plan_id));
                self.open(report.clone(), now);
                return None;
            }
            Event::Finished { report } => return self.finished(report),
            Event::Portfolio { portfolios, unknown } => {
                let rows = portfolio_rows(portfolios, unknown);
                self.positions.get_or_insert_default().replace(rows);
                return None;
            }
            Event::UnderWay { plan_id, place, .. } => {
                let told = self.money.as_ref().is_some_and(|money| money.place.text == place.text);
                self.show_money(plan_id, place);
                if told {
                    return None;
                }
            }
            Event::Question { .. } => {
                self.busy = None;
                self.notify("a question needs an answer".to_owned());
            }
            Event::Refused { refusal } => {
                if self.busy.take() == Some("executing") {
                    self.notify("a plan was stopped".to_owned());
                }
                self.halted = self.halted || refusal.code == "halted";
            }
            // A plan that was paused or cancelled ends so, too; one that goes on says so by its next step.
            Event::Answered { .. } | Event::Controlled { .. } => self.busy = None,
            Event::StepStarted { .. }
            | Event::Signed { .. }
            | Event::Sent { .. }
            | Event::Included { .. }
            | Event::Waiting { .. } => self.busy = Some("executing"),
            Event::Opened { .. } => {}
        }
        self.tell(event_rows(&event), false);
        None
    }

    fn finished(&mut self, report: &Report) -> Option<Op> {
        self.busy = None;
        let settled = report.settled.as_ref().is_some_and(|settled| settled.as_promised);
        if settled {
            self.resumable = None;
        }
        self.close_money();
        let mut rows = event_rows(&Event::Finished { report: Box::new(report.clone()) });
        rows.extend(explorer::links(report, self.settings.demo));
        self.tell(rows, false);
        let how = if settled { "settled as promised" } else { "ended otherwise than promised" };
        self.notify(format!("plan {} {how}", report.plan_id));
        self.last = Some(Box::new(report.clone()));
        // What was on the screen is no longer true.
        self.positions.is_some().then_some(Op::Portfolio)
    }

    fn show_money(&mut self, plan_id: &str, place: &UnderWay) {
        let rows = under_way_rows(place);
        match &mut self.money {
            Some(money) => {
                money.pane.replace(rows);
                (money.plan_id, money.place) = (plan_id.to_owned(), Box::new(place.clone()));
            }
            None => {
                let (plan_id, place) = (plan_id.to_owned(), Box::new(place.clone()));
                self.money = Some(Money { plan_id, place, pane: Pane::new(rows) });
                if self.focus == Focus::Input && self.input.is_empty() {
                    self.focus = Focus::Money;
                }
            }
        }
    }

    fn close_money(&mut self) {
        if self.money.take().is_some() && self.focus == Focus::Money {
            self.focus = Focus::Input;
        }
    }
}
