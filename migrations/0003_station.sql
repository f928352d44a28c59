-- Rest stations: the registry, the amenity vocabulary and each station's amenities, what riders say of them.

create table amenity_kind (
    district_id int not null references district (id),
    code text not null constraint amenity_kind_code_plain check (code ~ '^[a-z][a-z0-9_]{0,39}$'),
    zh text not null,
    en text not null,
    family text not null constraint amenity_kind_family_known check (
        family in ('refreshment', 'rest', 'power', 'vehicle', 'hygiene', 'safety', 'learning', 'service')
    ),
    is_consumable boolean not null default false,
    position int not null,
    primary key (district_id, code)
);

insert into amenity_kind (district_id, position, code, zh, en, family, is_consumable)
select district.id, starter.*
from district
cross join (
    values
    (1, 'drinking_water', '饮用水', 'Drinking water', 'refreshment', false),
    (2, 'hot_water', '热水', 'Hot water', 'refreshment', false),
    (3, 'food_heating', '热饭', 'Food heating', 'refreshment', false),
    (4, 'fridge', '冰箱', 'Fridge', 'refreshment', false),
    (5, 'discount_meals', '优惠餐', 'Discount meals', 'refreshment', false),
    (6, 'seating', '桌椅', 'Tables and seats', 'rest', false),
    (7, 'cool_room', '纳凉空调', 'Cool room', 'rest', false),
    (8, 'warm_room', '取暖', 'Warm room', 'rest', false),
    (9, 'nursing_room', '母婴室', 'Nursing room', 'rest', false),
    (10, 'phone_charging', '手机充电', 'Phone charging', 'power', false),
    (11, 'power_bank', '充电宝', 'Power bank', 'power', false),
    (12, 'wifi', '无线网络', 'Wi-Fi', 'power', false),
    (13, 'ebike_charging', '电动车充电', 'E-bike charging', 'vehicle', false),
    (14, 'battery_swap', '换电', 'Battery swap', 'vehicle', false),
    (15, 'pump_tools', '打气筒和工具', 'Pump and tools', 'vehicle', false),
    (16, 'rain_gear', '雨具', 'Rain gear', 'vehicle', true),
    (17, 'toilet', '卫生间', 'Toilet', 'hygiene', false),
    (18, 'shower', '淋浴', 'Shower', 'hygiene', false),
    (19, 'sewing_kit', '针线包', 'Sewing kit', 'hygiene', true),
    (20, 'first_aid', '急救药箱', 'First-aid kit', 'safety', true),
    (21, 'aed', '自动体外除颤器', 'AED', 'safety', true),
    (22, 'relief_supplies', '防暑防寒用品', 'Heat and cold relief supplies', 'safety', true),
    (23, 'health_check', '健康检查', 'Health check', 'safety', false),
    (24, 'books', '图书', 'Books', 'learning', false),
    (25, 'training', '培训', 'Training', 'learning', false),
    (26, 'printing', '打印', 'Printing', 'service', false),
    (27, 'counselling', '心理咨询', 'Counselling', 'service', false),
    (28, 'policy_consultation', '政策咨询', 'Policy consultation', 'service', false),
    (29, 'legal_aid', '法律援助', 'Legal aid', 'service', false)
) as starter (position, code, zh, en, family, is_consumable);

-- Position null: known to exist, not yet on the map. `area_path` '' is the district's own desk (outside every area, or
-- without a position). `hours` is what could be read of `hours_typed`; null with something typed means unreadable.
create table station (
    district_id int not null references district (id),
    id bigint generated always as identity,
    code text collate "C" not null constraint station_code_plain check (code ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$'),
    qr_token text collate "C" not null,
    name text not null constraint station_name_bounded check (length(name) between 1 and 120),
    host_unit text not null default '',
    host_kind text not null default 'other' constraint station_host_kind_known check (
        host_kind in ('community', 'grid', 'union', 'government', 'bank', 'company', 'shop', 'other')
    ),
    address text not null default '',
    lon double precision constraint station_lon_bounded check (lon between -180 and 180),
    lat double precision constraint station_lat_bounded check (lat between -90 and 90),
    received_lon double precision,
    received_lat double precision,
    received_datum text constraint station_datum_known check (received_datum in ('wgs84', 'gcj02', 'bd09')),
    entrance_lon double precision,
    entrance_lat double precision,
    photo_sha256 text constraint station_photo_is_sha256 check (photo_sha256 ~ '^[0-9a-f]{64}$'),
    hours text,
    hours_typed text not null default '',
    is_always_open boolean not null generated always as (hours is not null and hours = '24/7') stored,
    door text not null default 'open' constraint station_door_known check (
        door in ('open', 'staff', 'wechat_scan', 'app_qr', 'id_card', 'face', 'password')
    ),
    capacity int constraint station_capacity_positive check (capacity > 0),
    phone text not null default '',
    open_to text not null default 'all' constraint station_open_to_known check (open_to in ('all', 'members')),
    verified_at timestamptz,
    verified_by text,
    suspended_from timestamptz,
    suspended_until timestamptz,
    suspended_reason text,
    found_open_at timestamptz,
    found_locked_at timestamptz,
    area_code text collate "C",
    area_path text collate "C" not null default '',
    generation_id bigint,
    is_demo boolean not null default false,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    row_version int not null default 1,
    primary key (district_id, id),
    constraint station_code_unique unique (district_id, code),
    constraint station_qr_token_unique unique (district_id, qr_token),
    foreign key (district_id, generation_id) references generation (district_id, id),
    constraint station_point_whole check (
        (lon is null) = (lat is null) and (lon is null) = (received_lon is null)
        and (lon is null) = (received_lat is null) and (lon is null) = (received_datum is null)
    ),
    constraint station_entrance_whole check ((entrance_lon is null) = (entrance_lat is null)),
    constraint station_verified_whole check ((verified_at is null) = (verified_by is null)),
    constraint station_suspension_whole check (
        (suspended_from is null) = (suspended_reason is null)
        and (suspended_until is null or suspended_until > suspended_from)
    )
);
create index station_area on station (district_id, area_path, id);
create index station_latitude on station (district_id, lat) where lat is not null;

-- `is_confirmed` false: a rider said so and the host has not looked yet.
create table station_amenity (
    district_id int not null,
    station_id bigint not null,
    amenity text not null,
    state text not null default 'working' constraint station_amenity_state_known check (
        state in ('working', 'out_of_order', 'out_of_stock')
    ),
    is_confirmed boolean not null default true,
    expires_on date,
    updated_at timestamptz not null,
    primary key (district_id, station_id, amenity),
    foreign key (district_id, station_id) references station (district_id, id) on delete cascade,
    constraint station_amenity_known foreign key (district_id, amenity) references amenity_kind (district_id, code)
);

-- One row for each thing wrong with a station; `case_id` (of the community room) is what the host community handles.
create table station_fault (
    district_id int not null,
    id bigint generated always as identity,
    station_id bigint not null,
    kind text not null constraint station_fault_kind_known check (kind in ('found_locked', 'amenity_broken')),
    amenity text,
    case_id bigint,
    taps int not null default 1,
    first_told_at timestamptz not null,
    last_told_at timestamptz not null,
    settled_at timestamptz,
    primary key (district_id, id),
    foreign key (district_id, station_id) references station (district_id, id),
    foreign key (district_id, amenity) references amenity_kind (district_id, code)
);
create unique index station_fault_one_open on station_fault (district_id, station_id, kind, coalesce(amenity, ''))
where settled_at is null;

-- One tap. `teller` is a hash of the device's nonce (or the rider) together with the station: it tells a repeated tap,
-- and cannot be followed from one station to the next. No position is kept.
create table station_feedback (
    district_id int not null,
    id bigint generated always as identity,
    station_id bigint not null,
    kind text not null constraint station_feedback_kind_known check (
        kind in ('found_open', 'found_locked', 'amenity_broken')
    ),
    amenity text,
    teller bytea not null,
    within_hours boolean,
    fault_id bigint,
    told_at timestamptz not null,
    primary key (district_id, id),
    foreign key (district_id, station_id) references station (district_id, id),
    foreign key (district_id, amenity) references amenity_kind (district_id, code),
    foreign key (district_id, fault_id) references station_fault (district_id, id)
);
create index station_feedback_teller on station_feedback (district_id, station_id, teller, told_at);
