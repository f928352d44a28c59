-- The secretary's desk: words to use again, lists to open again, inner notes, bulk acts, and what has been read.

-- 常用语. Either one person's own, or shared with an area and everything beneath it. `verb` and `field` say which words it
-- serves; without a verb it serves inner notes. Its category, where it has one, only says for which cases it is offered.
create table template (
    district_id int not null references district (id),
    id bigint generated always as identity,
    owner_id bigint,
    area_path text collate "C",
    verb text,
    field text not null constraint template_field_known check (field in ('note', 'result')),
    category_code text,
    title text not null constraint template_title_bounded check (length(title) between 1 and 40),
    body text not null constraint template_body_bounded check (length(body) between 1 and 1000),
    updated_by bigint not null,
    updated_at timestamptz not null,
    primary key (district_id, id),
    constraint template_title_unique unique nulls not distinct
    (district_id, owner_id, area_path, verb, field, category_code, title),
    constraint template_one_holder check ((owner_id is null) <> (area_path is null)),
    foreign key (district_id, owner_id) references staff (district_id, id),
    foreign key (district_id, updated_by) references staff (district_id, id),
    foreign key (district_id, category_code) references category (district_id, code)
);
create index template_area on template (district_id, area_path, id) where area_path is not null;

-- A list of cases to open again. `query` is what GET /api/v1/cases takes; `area_path` is the area that may read it too.
create table saved_filter (
    district_id int not null references district (id),
    id bigint generated always as identity,
    owner_id bigint not null,
    name text not null constraint saved_filter_name_bounded check (length(name) between 1 and 40),
    query jsonb not null,
    area_path text collate "C",
    updated_at timestamptz not null,
    primary key (district_id, id),
    constraint saved_filter_name_unique unique (district_id, owner_id, name),
    foreign key (district_id, owner_id) references staff (district_id, id)
);
create index saved_filter_area on saved_filter (district_id, area_path, id) where area_path is not null;

-- What staff write to each other about a case. A note is never edited; withdrawn, it stays as one whose text nobody is
-- shown. The events that tell of it hold its id and never its text.
create table case_note (
    district_id int not null,
    id bigint generated always as identity,
    case_id bigint not null,
    author_id bigint not null,
    text text not null constraint case_note_text_bounded check (length(text) between 1 and 2000),
    mentioned_ids bigint[] not null,
    written_at timestamptz not null,
    withdrawn_at timestamptz,
    primary key (district_id, id),
    foreign key (district_id, case_id) references community_case (district_id, id),
    foreign key (district_id, author_id) references staff (district_id, id)
);
create index case_note_of on case_note (district_id, case_id, id);

-- One verb done to many cases at once, under the client's key: what was answered, so that a repetition gets the same.
create table bulk_act (
    district_id int not null,
    staff_id bigint not null,
    key text not null,
    body_hash bytea not null,
    answer text,
    done_at timestamptz not null,
    primary key (district_id, staff_id, key),
    foreign key (district_id, staff_id) references staff (district_id, id)
);
create index bulk_act_age on bulk_act (district_id, done_at);

alter table notice add column read_at timestamptz;
create index notice_unread on notice (district_id, recipient_kind, recipient_id, id) where read_at is null;
create index notice_mention on notice (district_id, recipient_kind, recipient_id, id)
where read_at is null and kind = 'case.noted';

-- What is owed on cases that have ended: return visits, by area and in the order they are due, and answers to those who
-- ask for reopening.
create index community_case_visit on community_case (district_id, area_path, id)
where state = 'closed' and next_due_at is not null;
create index community_case_visit_due on community_case (district_id, next_due_at, id)
where state = 'closed' and next_due_at is not null;
create index community_case_reopening on community_case (district_id, area_path, id)
where reopening_asked_at is not null;
