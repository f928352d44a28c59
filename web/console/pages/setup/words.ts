import { words } from '@shared/words'

export const WORDS = words(
  {
    title: '创建首位管理员',
    how: '令牌在服务启动时打印在终端上，24 小时内有效，只能用一次；重启服务会换新。已有工作人员账号后此页不再可用。',
    token: '令牌',
    username: '用户名',
    name: '姓名',
    password: '密码',
    passwordHint: '至少 12 个字符，几个互不相关的词最好记。',
    go: '创建并登录',
    back: '已有账号，去登录',
  },
  {
    title: 'Make the first administrator',
    how: 'The service prints the token on its terminal when it starts. It is good for 24 hours and once; a new start makes a new one. Once there is staff, this page does nothing.',
    token: 'Token',
    username: 'User name',
    name: 'Name',
    password: 'Password',
    passwordHint: 'At least 12 characters; several words that have nothing to do with each other are easy to remember.',
    go: 'Make it and sign in',
    back: 'There is an account: sign in',
  },
)
