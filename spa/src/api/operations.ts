/** What may be asked of the device and what it answers, out of its own description. */
import type { paths } from './schema';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** A path as it is sent: with names in the place of the parameters, and perhaps a question behind it. */
type Sent<P extends string> = P extends `${infer Before}{${string}}${infer After}`
  ? `${Before}${string}${Sent<After>}`
  : P | `${P}?${string}`;

type Operation<M extends Method, P extends keyof paths> = paths[P][Lowercase<M>];

/** Paths that answer a method. */
type Answering<M extends Method> = {
  [P in keyof paths]: Operation<M, P> extends { responses: unknown } ? P : never;
}[keyof paths];

/** Addresses that may be asked by a method. */
export type Address<M extends Method> = Sent<Answering<M>>;

/** The operation an address is of. */
type Meant<M extends Method, A extends string> = {
  [P in Answering<M>]: A extends Sent<P> ? Operation<M, P> : never;
}[Answering<M>];

type Json<C> = C extends { content: { 'application/json': infer J } } ? J : never;

/** The body to be sent; absent where there is none. */
export type Body<M extends Method, A extends string> =
  Meant<M, A> extends { requestBody: infer B }
    ? B extends undefined
      ? undefined
      : Json<B>
    : undefined;

type Success<O> = O extends { responses: infer R } ? Json<R[keyof R & (200 | 202)]> : never;

/** With a question it is a page that is answered, not all there is. */
type Asked<A extends string, E> = A extends `${string}?${string}`
  ? Extract<E, { data: { total: number } }>
  : E;

type Content<E> = E extends { data: infer D } ? D : never;

/** `data` of the envelope around a successful answer. */
export type Data<M extends Method, A extends string> = Content<Asked<A, Success<Meant<M, A>>>>;
