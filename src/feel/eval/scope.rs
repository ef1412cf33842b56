//! Who can see which names.
//!
//! A scope is a chain of frames on the stack, each borrowing what it binds; below the last frame lie the variables of the
//! evaluation. Only a function that outlives its scope copies it.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use crate::feel::{
    context::Borrowed,
    value::{Captured, CapturedFrame, Entries, Function, Value},
};

/// One frame and what lies around it.
#[derive(Clone, Copy)]
pub(in crate::feel) struct Scope<'s> {
    frame: Frame<'s>,
    parent: Option<&'s Scope<'s>>,
}

#[derive(Clone, Copy)]
pub(in crate::feel) enum Frame<'s> {
    /// Nothing: the outermost scope.
    Empty,
    /// One name. A function under it can be called, but not be read.
    One(&'s str, Borrowed<'s>),
    Many(&'s [(&'s str, Borrowed<'s>)]),
    /// The entries of a context that is being built.
    Building(&'s Entries),
    /// The entries of the item that a filter looks at.
    Item(&'s Arc<Entries>),
    /// The same, of an item in JSON.
    JsonItem(&'s Map<String, Json>),
    /// What a function saw where it was defined.
    Captured(&'s Arc<Captured>),
}

impl<'s> Scope<'s> {
    pub(in crate::feel) const EMPTY: Scope<'static> = Scope { frame: Frame::Empty, parent: None };

    /// A frame alone, as the body of a function has below its parameters.
    pub(super) fn alone(frame: Frame<'s>) -> Scope<'s> {
        Scope { frame, parent: None }
    }

    pub(super) fn with(&'s self, frame: Frame<'s>) -> Scope<'s> {
        Scope { frame, parent: Some(self) }
    }

    fn frames(&'s self) -> impl Iterator<Item = Frame<'s>> {
        std::iter::successors(Some(self), |scope| scope.parent).map(|scope| scope.frame)
    }

    pub(super) fn variable(&'s self, name: &str) -> Option<Borrowed<'s>> {
        let mut scope = Some(self);
        while let Some(Scope { frame, parent }) = scope {
            let found = match frame {
                Frame::Empty | Frame::One(_, Borrowed::Value(Value::Function(_))) => None,
                Frame::One(bound, value) => (*bound == name).then_some(*value),
                Frame::Many(bindings) => {
                    bindings.iter().find(|(bound, _)| *bound == name).map(|(_, value)| *value)
                }
                Frame::Building(entries) => entries.get(name).map(Borrowed::Value),
                Frame::Item(entries) => entries.get(name).map(Borrowed::Value),
                Frame::JsonItem(object) => object.get(name).map(Borrowed::Json),
                Frame::Captured(captured) => captured_variable(captured, name).map(Borrowed::Value),
            };
            if found.is_some() {
                return found;
            }
            scope = *parent;
        }
        None
    }

    /// The function that a call selects, the nearest first.
    pub(super) fn function(&'s self, name: &str, fits: &dyn Fn(&Function) -> bool) -> Option<Arc<Function>> {
        self.frames().find_map(|frame| match frame {
            Frame::One(bound, Borrowed::Value(Value::Function(function)))
                if bound == name && fits(function) =>
            {
                Some(Arc::clone(function))
            }
            Frame::Empty | Frame::One(..) | Frame::Many(_) | Frame::JsonItem(_) => None,
            Frame::Building(entries) => fitting(entries, name, fits),
            Frame::Item(entries) => fitting(entries, name, fits),
            Frame::Captured(captured) => captured_function(captured, name, fits),
        })
    }

    /// A copy that owns what it binds.
    pub(super) fn capture(&'s self) -> Arc<Captured> {
        let frames = self.frames().filter_map(|frame| match frame {
            Frame::Empty => None,
            Frame::One(name, value) => {
                let mut entries = Entries::with_capacity(1);
                entries.define(name.into(), value.to_value());
                Some(CapturedFrame::Context(Arc::new(entries)))
            }
            Frame::Many(bindings) => {
                let owned = bindings.iter().map(|(name, value)| (Arc::from(*name), value.to_value()));
                Some(CapturedFrame::Variables(owned.collect()))
            }
            Frame::Building(entries) => Some(CapturedFrame::Context(Arc::new(entries.clone()))),
            Frame::Item(entries) => Some(CapturedFrame::Context(Arc::clone(entries))),
            Frame::JsonItem(object) => {
                let entries = object.iter().map(|(key, value)| (key.as_str(), value.into()));
                Some(CapturedFrame::Context(Arc::new(entries.collect())))
            }
            Frame::Captured(captured) => Some(CapturedFrame::Captured(Arc::clone(captured))),
        });
        Arc::new(Captured(frames.collect()))
    }

    /// All names of variables, for «did you mean».
    pub(super) fn names(&'s self) -> Vec<&'s str> {
        let mut names = Vec::new();
        for frame in self.frames() {
            match frame {
                Frame::Empty | Frame::Captured(_) => {}
                Frame::One(name, _) => names.push(name),
                Frame::Many(bindings) => names.extend(bindings.iter().map(|(name, _)| *name)),
                Frame::Building(entries) => names.extend(entries.values().map(|(key, _)| &**key)),
                Frame::Item(entries) => names.extend(entries.values().map(|(key, _)| &**key)),
                Frame::JsonItem(object) => names.extend(object.keys().map(String::as_str)),
            }
        }
        names
    }
}

fn fitting(entries: &Entries, name: &str, fits: &dyn Fn(&Function) -> bool) -> Option<Arc<Function>> {
    entries.functions(name).find(|function| fits(function)).cloned()
}

fn captured_variable<'c>(captured: &'c Captured, name: &str) -> Option<&'c Value> {
    captured.0.iter().find_map(|frame| match frame {
        CapturedFrame::Variables(bindings) => {
            bindings.iter().find(|(bound, _)| **bound == *name).map(|(_, value)| value)
        }
        CapturedFrame::Context(entries) => entries.get(name),
        CapturedFrame::Captured(captured) => captured_variable(captured, name),
    })
}

fn captured_function(
    captured: &Captured,
    name: &str,
    fits: &dyn Fn(&Function) -> bool,
) -> Option<Arc<Function>> {
    captured.0.iter().find_map(|frame| match frame {
        CapturedFrame::Variables(_) => None,
        CapturedFrame::Context(entries) => fitting(entries, name, fits),
        CapturedFrame::Captured(captured) => captured_function(captured, name, fits),
    })
}
