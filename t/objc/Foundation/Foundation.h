/* SPDX-License-Identifier: ISC */
/* What is used of Foundation. See t/objc/README.md. */
#ifndef SIGHTGLASS_T_OBJC_FOUNDATION_H
#define SIGHTGLASS_T_OBJC_FOUNDATION_H

#include <Availability.h>
#include <dispatch/dispatch.h>
#include <objc/NSObject.h>
#include <os/availability.h>
#include <stdint.h>
#include <sys/types.h>

#define NS_ASSUME_NONNULL_BEGIN _Pragma("clang assume_nonnull begin")
#define NS_ASSUME_NONNULL_END _Pragma("clang assume_nonnull end")
#undef NS_UNAVAILABLE
#define NS_UNAVAILABLE __attribute__((unavailable))
#undef NS_DESIGNATED_INITIALIZER
#define NS_DESIGNATED_INITIALIZER __attribute__((objc_designated_initializer))
#undef NS_ENUM
#define NS_ENUM(type, name)                                                   \
	enum __attribute__((enum_extensibility(open))) name : type name;      \
	enum name : type

NS_ASSUME_NONNULL_BEGIN

@class NSData, NSError, NSString;

@protocol NSCopying
@end

@protocol NSFastEnumeration
- (NSUInteger)countByEnumeratingWithState:(void *)state
                                  objects:(id __unsafe_unretained _Nullable[_Nonnull])objects
                                    count:(NSUInteger)count;
@end

@interface NSObject (Copies)
- (id)copy;
- (id)mutableCopy;
@end

typedef NSUInteger NSStringEncoding;
enum { NSUTF8StringEncoding = 4 };

@interface NSString : NSObject <NSCopying>
+ (instancetype)stringWithFormat:(NSString *)format, ...
    __attribute__((format(__NSString__, 1, 2)));
+ (nullable instancetype)stringWithUTF8String:(const char *)text;
- (nullable instancetype)initWithData:(NSData *)data
                             encoding:(NSStringEncoding)encoding;
@property (readonly) NSUInteger length;
@property (readonly, nullable) const char *UTF8String;
- (NSString *)stringByAppendingString:(NSString *)string;
- (BOOL)hasSuffix:(NSString *)string;
- (NSString *)stringByAppendingPathComponent:(NSString *)component;
- (BOOL)isEqualToString:(nullable NSString *)string;
- (nullable NSData *)dataUsingEncoding:(NSStringEncoding)encoding;
@end

/* The class of @"literals". */
@interface NSSimpleCString : NSString {
	const char *bytes;
	int length;
}
@end
@interface NSConstantString : NSSimpleCString
@end

@interface NSData : NSObject <NSCopying>
+ (instancetype)dataWithBytes:(nullable const void *)bytes length:(NSUInteger)length;
+ (instancetype)dataWithBytesNoCopy:(void *)bytes
                             length:(NSUInteger)length
                       freeWhenDone:(BOOL)free;
@property (readonly) NSUInteger length;
@property (readonly) const void *bytes;
@end

@interface NSNumber : NSObject <NSCopying>
+ (NSNumber *)numberWithInt:(int)value;
+ (NSNumber *)numberWithBool:(BOOL)value;
+ (NSNumber *)numberWithUnsignedLongLong:(unsigned long long)value;
@property (readonly) BOOL boolValue;
@property (readonly) NSUInteger unsignedIntegerValue;
@end

@interface NSUUID : NSObject <NSCopying>
- (void)getUUIDBytes:(uint8_t[_Nonnull 16])bytes;
@end

@interface NSURL : NSObject <NSCopying>
@property (readonly, copy, nullable) NSString *path;
@end

@interface NSArray<__covariant T> : NSObject <NSCopying, NSFastEnumeration>
+ (instancetype)arrayWithObjects:(const T _Nonnull[_Nullable])objects
                           count:(NSUInteger)count;
@property (readonly) NSUInteger count;
- (T)objectAtIndexedSubscript:(NSUInteger)index;
- (void)enumerateObjectsUsingBlock:
    (void (^)(T object, NSUInteger index, BOOL *stop))block;
@end

@interface NSMutableArray<T> : NSArray <T>
+ (instancetype)array;
+ (instancetype)arrayWithCapacity:(NSUInteger)capacity;
- (void)addObject:(T)object;
@end

@interface NSDictionary<__covariant K, __covariant V>
    : NSObject <NSCopying, NSFastEnumeration>
+ (instancetype)dictionaryWithObjects:(const V _Nonnull[_Nullable])objects
                              forKeys:(const K<NSCopying> _Nonnull[_Nullable])keys
                                count:(NSUInteger)count;
- (nullable V)objectForKeyedSubscript:(K)key;
@end

@interface NSMutableDictionary<K, V> : NSDictionary <K, V>
+ (instancetype)dictionary;
- (void)setObject:(nullable V)object forKeyedSubscript:(K)key;
- (void)removeObjectForKey:(K)key;
@end

@interface NSMutableSet<T> : NSObject
+ (instancetype)set;
- (void)addObject:(T)object;
- (void)removeObject:(T)object;
@end

typedef NSString *NSErrorDomain;
typedef NSString *NSErrorUserInfoKey;
extern NSErrorUserInfoKey const NSUnderlyingErrorKey;
extern NSErrorUserInfoKey const NSLocalizedDescriptionKey;

@interface NSError : NSObject <NSCopying>
+ (instancetype)errorWithDomain:(NSErrorDomain)domain
                           code:(NSInteger)code
                       userInfo:(nullable NSDictionary<NSErrorUserInfoKey, id> *)info;
@property (readonly, copy) NSErrorDomain domain;
@property (readonly) NSInteger code;
@property (readonly, copy) NSDictionary<NSErrorUserInfoKey, id> *userInfo;
@property (readonly, copy) NSString *localizedDescription;
@end

@interface NSBundle : NSObject
@property (class, readonly, strong) NSBundle *mainBundle;
@property (readonly, copy, nullable) NSString *bundleIdentifier;
- (nullable id)objectForInfoDictionaryKey:(NSString *)key;
@end

@interface NSUserDefaults : NSObject
@property (class, readonly, strong) NSUserDefaults *standardUserDefaults;
- (nullable NSDictionary<NSString *, id> *)dictionaryForKey:(NSString *)key;
@end

@interface NSFileManager : NSObject
@property (class, readonly, strong) NSFileManager *defaultManager;
- (nullable NSURL *)containerURLForSecurityApplicationGroupIdentifier:(NSString *)group;
@end

@interface NSRunLoop : NSObject
@property (class, readonly, strong) NSRunLoop *mainRunLoop;
- (void)run;
@end

extern void NSLog(NSString *format, ...) __attribute__((format(__NSString__, 1, 2)));

NS_ASSUME_NONNULL_END

#endif
