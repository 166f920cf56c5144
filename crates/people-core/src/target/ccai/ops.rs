//! The operations of bulk user management: template, upload, replace, proceed, job, jobs, errors. All paths carry the prefix `/apps/api/v1`,
//! also where the guide's samples have lost it.

use people_model::call::{Form, Method};
use people_model::ccai::{BASE_PATH, Job, JobId, Row, RowError};
use people_model::{Api, Safety};
use serde_json::{Value, json};

use crate::endpoint::Endpoint;

macro_rules! operation {
    ($(#[$doc:meta])* $name:ident $(<$life:lifetime>)? { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }
     $op:literal $method:ident $safety:ident $form:ident -> $reply:ty;
     path |$this:ident| $path:expr; $(body $body:expr;)?) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name $(<$life>)? {
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl $(<$life>)? Endpoint for $name $(<$life>)? {
            const API: Api = Api::Ccai;
            const NAME: &'static str = $op;
            const METHOD: Method = Method::$method;
            const SAFETY: Safety = Safety::$safety;
            const FORM: Form = Form::$form;
            type Reply = $reply;

            fn path(&self) -> String {
                let $this = self;
                format!("{BASE_PATH}/bulk/users{}", $path)
            }

            $(fn body(self) -> Option<Value> {
                let $this = self;
                Some($body)
            })?
        }
    };
}

operation!(
    /// `GET /bulk/users/template`: a sample user who holds every present role and team.
    Template {}
    "ccai.bulk.template" Get Read Json -> Vec<Row>;
    path |_call| "/template";
);
operation!(
    /// `POST /bulk/users/upload`: makes a job of a file. Nothing is applied before the job proceeds.
    Upload<'a> { /// The file's name: letters, digits, `.`, `-` and `_`.
        filename: &'a str,
        /// The file: an array of users.
        file: &'a Value, }
    "ccai.bulk.upload" Post Once File -> Job;
    path |_call| "/upload";
    body json!({"file": _call.file, "filename": _call.filename});
);
operation!(
    /// `PUT /bulk/users/upload`: gives a job another file.
    Replace<'a> { /// The job.
        job: JobId,
        /// The file's name.
        filename: &'a str,
        /// The file: an array of users.
        file: &'a Value, }
    "ccai.bulk.replace" Put Once File -> Job;
    path |_call| "/upload";
    body json!({"id": _call.job, "file": _call.file, "filename": _call.filename});
);
operation!(
    /// `POST /bulk/users/proceed`: applies a job that is `valid_scheme`. The answer still shows the status from before.
    Proceed { /// The job.
        job: JobId, }
    "ccai.bulk.proceed" Post Once Json -> Job;
    path |_call| "/proceed";
    body json!({"id": _call.job});
);
operation!(
    /// `GET /bulk/users/jobs/{id}`: how far a job is.
    GetJob { /// The job.
        job: JobId, }
    "ccai.bulk.job" Get Read Json -> Job;
    path |call| format!("/jobs/{}", call.job);
);
operation!(
    /// `GET /bulk/users/jobs`: jobs, newest first.
    Jobs { /// From 1.
        page: u32,
        /// How many a page holds at most.
        per_page: u32, }
    "ccai.bulk.jobs" Get Read Json -> Vec<Job>;
    path |call| format!("/jobs?page={}&per_page={}", call.page, call.per_page);
);
operation!(
    /// `GET /bulk/users/errors/scheme/{id}`: why a job is `invalid_scheme`.
    SchemeErrors { /// The job.
        job: JobId, }
    "ccai.bulk.errors.scheme" Get Read Json -> Vec<RowError>;
    path |call| format!("/errors/scheme/{}", call.job);
);
operation!(
    /// `GET /bulk/users/errors/update/{id}`: rows that were not applied, and remarks on rows that were.
    UpdateErrors { /// The job.
        job: JobId, }
    "ccai.bulk.errors.update" Get Read Json -> Vec<RowError>;
    path |call| format!("/errors/update/{}", call.job);
);

/// The answer as the type that the operation returns. `None`: it is something else.
pub fn reply<E: Endpoint>(_operation: &E, answer: Value) -> Option<E::Reply> {
    serde_json::from_value(answer).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_and_its_request() {
        let job = JobId(12345);
        let file = json!([{"email": "a@b.c"}]);
        let calls = [
            Template {}.call(),
            Upload { filename: "x.json", file: &file }.call(),
            Replace { job, filename: "x.json", file: &file }.call(),
            Proceed { job }.call(),
            GetJob { job }.call(),
            Jobs { page: 2, per_page: 20 }.call(),
            SchemeErrors { job }.call(),
            UpdateErrors { job }.call(),
        ];
        let lines: Vec<String> =
            calls.iter().map(|call| format!("{} {}", call.method.as_str(), call.path)).collect();
        assert_eq!(
            lines,
            [
                "GET /apps/api/v1/bulk/users/template",
                "POST /apps/api/v1/bulk/users/upload",
                "PUT /apps/api/v1/bulk/users/upload",
                "POST /apps/api/v1/bulk/users/proceed",
                "GET /apps/api/v1/bulk/users/jobs/12345",
                "GET /apps/api/v1/bulk/users/jobs?page=2&per_page=20",
                "GET /apps/api/v1/bulk/users/errors/scheme/12345",
                "GET /apps/api/v1/bulk/users/errors/update/12345",
            ]
        );
        assert_eq!(calls[3].body, Some(json!({"id": 12345})));
        assert!(calls.iter().all(
            |call| call.api == Api::Ccai && (call.method == Method::Get) == (call.safety == Safety::Read)
        ));
        let read = reply(&Jobs { page: 1, per_page: 1 }, json!([{"id": "7", "status": "created", "x": 1}]));
        assert_eq!(read.unwrap()[0].id, JobId(7));
        assert!(reply(&GetJob { job }, json!([])).is_none());
    }
}
