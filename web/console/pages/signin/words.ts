import { words } from '@shared/words'

export const WORDS = words(
  {
    title: '登录',
    first: '请先登录，登录后回到刚才的页面。',
    username: '用户名',
    password: '密码',
    code: '验证码',
    codeHint: '验证器上的 6 位数字或恢复码；首次登录、尚未绑定验证器时不填。',
    go: '登录',
    demo: '演示数据',
    demoHow: '演示账号在启动服务的终端和这个文件里，验证码用这条命令：',
    lost: '忘记密码或丢失验证器，请联系上级管理员重置。第一次部署？',
    setUp: '创建首位管理员',
  },
  {
    title: 'Sign in',
    first: 'Sign in first; then you are back on the page you asked for.',
    username: 'User name',
    password: 'Password',
    code: 'Code',
    codeHint:
      'Six digits of your authenticator or a recovery code. Leave it empty while you have no authenticator yet.',
    go: 'Sign in',
    demo: 'Demonstration',
    demoHow: 'The accounts stand on the terminal of the service and in this file; this command gives the code:',
    lost: 'Lost your password or authenticator? Ask the administrator above you to reset it. First start?',
    setUp: 'Make the first administrator',
  },
)
