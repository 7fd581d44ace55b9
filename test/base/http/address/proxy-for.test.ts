// Which proxy is asked, by the variables.
import {describe, expect, test} from 'vitest';
import {proxyFor} from '../../../../src/base/http/address/proxy-for.ts';

const P = 'http://proxy:3128';

describe('the variables', () => {
  test.each([
    ['https://a.example/', {HTTPS_PROXY: P}, P],
    ['https://a.example/', {https_proxy: P}, P],
    ['http://a.example/', {HTTP_PROXY: P}, P],
    ['http://a.example/', {http_proxy: P}, P],
    ['http://a.example/', {HTTPS_PROXY: P}, undefined],
    ['https://a.example/', {HTTP_PROXY: P}, P],
    ['https://a.example/', {HTTP_PROXY: 'http://other:1', HTTPS_PROXY: P}, P],
    ['https://a.example/', {HTTPS_PROXY: '', https_proxy: P}, P],
    ['https://a.example/', {HTTPS_PROXY: '', HTTP_PROXY: ''}, undefined],
    ['https://a.example/', {}, undefined],
    ['https://a.example/', {HTTPS_PROXY: 'proxy:3128'}, P],
    ['https://a.example/', {HTTPS_PROXY: 'https://user:pw@proxy'}, 'https://user:pw@proxy'],
  ])('%s with %o', (url, env, expected) => {
    expect(proxyFor(url, env)).toBe(expected);
  });

  test.each(['socks5://proxy:1080', 'xhttp://proxy', 'http+unix://proxy', 'http://', '://x', 'pro xy'])(
    '%s is no http proxy',
    (value) => {
      expect(() => proxyFor('https://a.example/', {HTTPS_PROXY: value})).toThrow(
        /^HTTPS_PROXY is not the address of an http/,
      );
    },
  );

  test('a password is not shown with a wrong proxy', () => {
    const env = {https_proxy: 'socks5://me:secret@proxy:1080'};
    expect(() => proxyFor('https://a.example/', env)).toThrow(
      'https_proxy is not the address of an http proxy: socks5://proxy:1080',
    );
  });
});

describe('this machine is asked directly', () => {
  const own = ['localhost', 'LOCALHOST', 'a.localhost', 'localhost.', '127.0.0.1', '127.9.9.9', '[::1]', '0.0.0.0'];
  test.each([...own, '[::]', '[::ffff:127.0.0.1]', '127.1', '2130706433'])('%s', (host) => {
    expect(proxyFor(`http://${host}:8000/v1`, {HTTP_PROXY: P})).toBeUndefined();
  });

  test.each(['128.0.0.1', 'localhost.example', '127.0.0.1.example', 'mylocalhost', '[::2]', '10.0.0.1'])(
    '%s is another',
    (host) => {
      expect(proxyFor(`http://${host}:8000/v1`, {HTTP_PROXY: P})).toBe(P);
    },
  );

  test('unless loopback is proxied, which NO_PROXY still ends', () => {
    expect(proxyFor('http://127.0.0.1/', {HTTP_PROXY: P}, {loopback: true})).toBe(P);
    expect(proxyFor('http://127.0.0.1/', {HTTP_PROXY: P, NO_PROXY: '127.0.0.1'}, {loopback: true})).toBeUndefined();
  });
});

describe('NO_PROXY', () => {
  test.each([
    ['*', 'https://a.example/'],
    ['a.example', 'https://a.example/'],
    ['A.EXAMPLE', 'https://a.example/'],
    ['example', 'https://a.example/'],
    ['.example', 'https://a.example/'],
    ['*.example', 'https://a.example/'],
    ['.a.example', 'https://a.example/'],
    ['b.example, a.example', 'https://a.example/'],
    ['b.example a.example', 'https://a.example/'],
    ['b.example,,a.example,', 'https://a.example/'],
    ['a.example:443', 'https://a.example/'],
    ['a.example:80', 'http://a.example/'],
    ['a.example:8000', 'http://a.example:8000/'],
    ['a.example.', 'https://a.example/'],
    ['a.example', 'https://a.example./'],
    ['10.1.2.3', 'http://10.1.2.3/'],
    ['10.1.2.3:8000', 'http://10.1.2.3:8000/'],
    ['10.0.0.0/8', 'http://10.1.2.3/'],
    ['192.168.4.0/22', 'http://192.168.7.255/'],
    ['0.0.0.0/0', 'http://10.1.2.3/'],
    ['fd00::1', 'http://[fd00::1]/'],
    ['FD00:0:0:0::1', 'http://[fd00::1]/'],
    ['fd00::/8', 'http://[fd12::1]/'],
    ['[fd00::1]', 'http://[fd00::1]:8000/'],
    ['[fd00::1]:8000', 'http://[fd00::1]:8000/'],
  ])('%s names %s', (list, url) => {
    expect(proxyFor(url, {HTTP_PROXY: P, NO_PROXY: list})).toBeUndefined();
    expect(proxyFor(url, {HTTP_PROXY: P, no_proxy: list})).toBeUndefined();
  });

  test.each([
    ['', 'https://a.example/'],
    ['.', 'https://a.example/'],
    ['*.', 'https://a.example/'],
    ['xample', 'https://a.example/'],
    ['b.a.example', 'https://a.example/'],
    ['a.example:80', 'https://a.example/'],
    ['a.example:443', 'https://a.example:8443/'],
    ['example.com', 'https://example.com.evil.test/'],
    ['2.3', 'http://10.1.2.3/'],
    ['10.0.0.0/8', 'http://11.1.2.3/'],
    ['10.0.0.0/8', 'http://10.example/'],
    ['192.168.4.0/22', 'http://192.168.8.0/'],
    ['10.0.0.0/99', 'http://10.1.2.3/'],
    ['10.0.0.0/8x', 'http://10.1.2.3/'],
    ['10.0.0.0/8000', 'http://10.1.2.3/'],
    ['10.0.0.0/', 'http://11.1.2.3/'],
    ['[fd00::1]:8000', 'http://[fd00::1]:8001/'],
    ['fd00::/16', 'http://[fd12::1]/'],
    ['fd00::/200', 'http://[fd00::1]/'],
    ['0.0.0.0/0', 'http://[fd00::1]/'],
    ['fd00::2', 'http://[fd00::1]/'],
  ])('%s does not name %s', (list, url) => {
    expect(proxyFor(url, {HTTP_PROXY: P, NO_PROXY: list})).toBe(P);
  });
});
