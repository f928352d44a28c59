-- The reporter's own answer to how his case was closed, and appeals that staff enter for a resident.

-- One link a closing, counted by `round`. The token that opens it is worked out from a key beside the data and stands in
-- no table, not even as a hash. A link is void as soon as its case is open again.
create table follow_up_link (
    district_id int not null,
    case_id bigint not null,
    round int not null constraint follow_up_link_round_counted check (round > 0),
    closed_at timestamptz not null,
    expires_at timestamptz not null,
    answered_at timestamptz,
    satisfaction text constraint follow_up_link_satisfaction_known check (
        satisfaction in ('satisfied', 'fairly_satisfied', 'dissatisfied')
    ),
    words text constraint follow_up_link_words_bounded check (length(words) between 1 and 1000),
    primary key (district_id, case_id, round),
    foreign key (district_id, case_id) references community_case (district_id, id),
    constraint follow_up_link_answer_whole check (
        (answered_at is null) = (satisfaction is null) and (words is null or answered_at is not null)
    )
);

-- Who entered an appeal for a resident, and how that one came: both null where he wrote it himself.
alter table appeal
add column taken_by bigint,
add column channel text constraint appeal_channel_known check (channel in ('phone', 'face_to_face', 'wechat', 'sms')),
add constraint appeal_taken_by_known foreign key (district_id, taken_by) references staff (district_id, id),
add constraint appeal_taken_whole check ((taken_by is null) = (channel is null));
